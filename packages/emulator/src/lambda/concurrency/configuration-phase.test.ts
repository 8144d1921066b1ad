import { describe, expect, test } from "vitest";

import {
  type ConfigurationPhase,
  type ConfigurationSignal,
  nextConfigurationPhase,
  statusOf,
} from "./configuration-phase.ts";

const PHASES: ConfigurationPhase[] = ["preparing", "allocating", "ready", "failed", "removed"];
const SIGNALS: ConfigurationSignal[] = [
  "requested",
  "prepared",
  "completed",
  "init_failed",
  "removed",
];

describe("nextConfigurationPhase", () => {
  test("moves on with the signals that a phase takes and stays with every other one", () => {
    const table = PHASES.map((phase) =>
      SIGNALS.map((signal) => nextConfigurationPhase(phase, signal)),
    );
    expect(table).toEqual([
      ["preparing", "allocating", "preparing", "preparing", "removed"],
      ["preparing", "allocating", "ready", "failed", "removed"],
      ["preparing", "ready", "ready", "failed", "removed"],
      ["preparing", "failed", "failed", "failed", "removed"],
      ["removed", "removed", "removed", "removed", "removed"],
    ]);
  });
});

describe("statusOf", () => {
  test("says IN_PROGRESS until everything is there, and nothing once it is deleted", () => {
    expect(PHASES.map(statusOf)).toEqual([
      "IN_PROGRESS",
      "IN_PROGRESS",
      "READY",
      "FAILED",
      undefined,
    ]);
  });
});
