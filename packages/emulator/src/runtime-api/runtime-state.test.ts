import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  nextRuntimeState,
  RUNTIME_TRANSITIONS,
  type RuntimeSignal,
  type RuntimeState,
} from "./runtime-state.ts";

const STATES = Object.keys(RUNTIME_TRANSITIONS) as RuntimeState[];
const SIGNALS: readonly RuntimeSignal[] = [
  "next",
  "event",
  "response",
  "error",
  "sent",
  "init_error",
];

/** Written out once more, from the texts of AWS's implementation rather than from the table. */
const ALLOWED: readonly (readonly [RuntimeState, RuntimeSignal, RuntimeState])[] = [
  ["Started", "next", "Ready"],
  ["Started", "init_error", "InitError"],
  ["Ready", "next", "Ready"],
  ["Ready", "event", "Running"],
  ["Running", "next", "Running"],
  ["Running", "response", "InvocationResponse"],
  ["Running", "error", "InvocationErrorResponse"],
  ["InvocationResponse", "sent", "RuntimeResponseSentState"],
  ["InvocationErrorResponse", "sent", "RuntimeResponseSentState"],
  ["RuntimeResponseSentState", "next", "Ready"],
];

describe("nextRuntimeState", () => {
  test.each(STATES.flatMap((state) => SIGNALS.map((signal) => [state, signal] as const)))(
    "from %s by %s leads where AWS's runtime goes, or is refused",
    (state, signal) => {
      const allowed = ALLOWED.find(([from, by]) => from === state && by === signal);
      expect(nextRuntimeState(state, signal)).toBe(allowed?.[2]);
    },
  );

  test("for every run of signals, an event is answered at most once before the next one", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...SIGNALS), { maxLength: 60 }), (signals) => {
        let state: RuntimeState = "Started";
        let answersOwed = 0;
        for (const signal of signals) {
          const next = nextRuntimeState(state, signal);
          if (next === undefined) continue;
          if (signal === "event") answersOwed += 1;
          if (signal === "sent") answersOwed -= 1;
          state = next;
          expect(answersOwed).toBeGreaterThanOrEqual(0);
          expect(answersOwed).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
