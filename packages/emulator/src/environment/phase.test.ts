import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { EnvironmentPhase } from "./contract.ts";
import { ENVIRONMENT_TRANSITIONS, type EnvironmentSignal, nextPhase } from "./phase.ts";

const PHASES = Object.keys(ENVIRONMENT_TRANSITIONS) as EnvironmentPhase[];
const SIGNALS: readonly EnvironmentSignal[] = [
  "ready",
  "init_failed",
  "invoke",
  "answer",
  "lost",
  "reset",
  "stop",
];

/** Every transition once more, each in the words of AWS's description of the life cycle. */
const ALLOWED: readonly (readonly [EnvironmentPhase, EnvironmentSignal, EnvironmentPhase])[] = [
  ["initialising", "invoke", "initialising"],
  ["initialising", "ready", "idle"],
  ["initialising", "init_failed", "resetting"],
  ["initialising", "stop", "stopped"],
  ["idle", "invoke", "invoking"],
  ["idle", "lost", "stopped"],
  ["idle", "stop", "stopped"],
  ["invoking", "ready", "invoking"],
  ["invoking", "answer", "answered"],
  ["invoking", "lost", "resetting"],
  ["invoking", "stop", "stopped"],
  ["answered", "ready", "idle"],
  ["answered", "lost", "resetting"],
  ["answered", "stop", "stopped"],
  ["resetting", "reset", "idle"],
  ["resetting", "stop", "stopped"],
];

describe("nextPhase", () => {
  test.each(PHASES.flatMap((phase) => SIGNALS.map((signal) => [phase, signal] as const)))(
    "from %s by %s leads where the life of an environment goes, or is refused",
    (phase, signal) => {
      const allowed = ALLOWED.find(([from, by]) => from === phase && by === signal);
      expect(nextPhase(phase, signal)).toBe(allowed?.[2]);
    },
  );

  test("for every run of signals, a stopped environment stays stopped", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...SIGNALS)), (signals) => {
        let phase: EnvironmentPhase = "initialising";
        let isStopped = false;
        for (const signal of signals) {
          phase = nextPhase(phase, signal) ?? phase;
          isStopped ||= phase === "stopped";
          expect(phase === "stopped").toBe(isStopped);
        }
      }),
    );
  });

  test("from every phase but stopped, an environment can be stopped", () => {
    const stoppable = PHASES.filter((phase) => nextPhase(phase, "stop") === "stopped");
    expect(stoppable).toEqual(PHASES.filter((phase) => phase !== "stopped"));
  });
});
