import { describe, expect, test } from "vitest";

import { nextTaskPhase, type TaskPhase, type TaskSignal } from "./task-phase.ts";

const SIGNALS: readonly TaskSignal[] = [
  "placed",
  "no_capacity",
  "started",
  "boot_failed",
  "passed",
  "failed",
  "drain",
  "kill",
  "lost",
];

/** The phase after each signal, in the order of SIGNALS; a dot is a refusal. */
const EXPECTED: readonly [phase: TaskPhase, next: string][] = [
  ["provisioning", "pending provisioning . . . . stopped stopped ."],
  ["pending", ". . running stopped . . stopped stopped ."],
  ["running", ". . . . healthy draining draining draining stopped"],
  ["healthy", ". . . . . draining draining draining stopped"],
  ["draining", ". . . . . . . draining stopped"],
  ["stopped", ". . . . . . . . ."],
];

describe("nextTaskPhase", () => {
  test.each(EXPECTED)("takes and refuses every signal in the phase %s", (phase, next) => {
    expect(SIGNALS.map((signal) => nextTaskPhase(phase, signal) ?? ".").join(" ")).toBe(next);
  });
});
