import { describe, expect, test } from "vitest";

import { type EventPhase, type EventSignal, nextEventPhase } from "./event-phase.ts";

const PHASES: EventPhase[] = [
  "waiting",
  "running",
  "delayed",
  "reporting",
  "report_delayed",
  "ended",
];
const SIGNALS: EventSignal[] = [
  "start",
  "retry",
  "ripen",
  "conclude",
  "refuse",
  "interrupt",
  "end",
];

describe("nextEventPhase", () => {
  test("has one answer for every phase and every signal", () => {
    const table = PHASES.map((phase) => SIGNALS.map((signal) => nextEventPhase(phase, signal)));
    const no = undefined;
    // start, retry, ripen, conclude, refuse, interrupt, end
    expect(table).toEqual([
      ["running", no, no, "reporting", no, no, "ended"],
      [no, "delayed", no, "reporting", no, "waiting", "ended"],
      [no, no, "waiting", no, no, no, no],
      [no, no, no, no, "report_delayed", no, "ended"],
      [no, no, "reporting", no, no, no, no],
      [no, no, no, no, no, no, no],
    ]);
  });
});
