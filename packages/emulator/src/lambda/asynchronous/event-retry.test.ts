import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { EventAttempt } from "./event.ts";
import { backoffMs, DEFAULT_LIMITS, type EventHistory, nextStep } from "./event-retry.ts";

const HOUR_MS = 3_600_000;
const answer = { payload: Buffer.from("{}"), version: "$LATEST" };
const FAILED = { kind: "failed", answer } as const;
const THROTTLED = { kind: "throttled", isReservedZero: false } as const;

type Unsuccessful = Exclude<EventAttempt, { kind: "succeeded" | "stopping" }>;

function step(attempt: Unsuccessful, history: Partial<EventHistory>, limits = DEFAULT_LIMITS) {
  return nextStep(attempt, { failures: 0, postponements: 0, ageMs: 0, ...history }, limits);
}

describe("nextStep", () => {
  test("retries a function error after one minute, then after two more, then gives up", () => {
    expect([1, 2, 3].map((failures) => step(FAILED, { failures }))).toEqual([
      { kind: "retry", delayMs: 60_000 },
      { kind: "retry", delayMs: 120_000 },
      { kind: "give_up", condition: "RetriesExhausted" },
    ]);
  });

  test.each([0, 1])(
    "gives a function error up after %i retries where no more are allowed",
    (retriesMax) => {
      const limits = { ...DEFAULT_LIMITS, retriesMax };
      expect(step(FAILED, { failures: retriesMax + 1 }, limits)).toEqual({
        kind: "give_up",
        condition: "RetriesExhausted",
      });
    },
  );

  test("gives an event up at once whose next attempt would come after its largest age", () => {
    const history = { failures: 1, ageMs: 100 };
    expect(step(FAILED, history, { retriesMax: 2, ageMsMax: 60_000 })).toEqual({
      kind: "give_up",
      condition: "EventAgeExceeded",
    });
    expect(step(FAILED, history, { retriesMax: 2, ageMsMax: 60_100 })).toEqual({
      kind: "retry",
      delayMs: 60_000,
    });
    const late = { postponements: 1, ageMs: 6 * HOUR_MS - 999 };
    expect(step(THROTTLED, late)).toEqual({ kind: "give_up", condition: "EventAgeExceeded" });
  });

  test("gives an event up at once where the function's reserved concurrency is zero", () => {
    const attempt = { kind: "throttled", isReservedZero: true } as const;
    expect(step(attempt, { postponements: 1 })).toEqual({
      kind: "give_up",
      condition: "ZeroReservedConcurrency",
    });
  });

  test.each<Unsuccessful>([
    THROTTLED,
    { kind: "system_error", message: "x" },
    { kind: "unknown_function" },
  ])("retries an attempt that did not reach the function: %j", (attempt) => {
    expect(step(attempt, { postponements: 3 })).toEqual({ kind: "retry", delayMs: 4_000 });
  });

  test("for every history, a retry lies in the future and within the event's age", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Unsuccessful>(FAILED, THROTTLED, { kind: "unknown_function" }),
        fc.record({
          failures: fc.integer({ min: 1, max: 5 }),
          postponements: fc.integer({ min: 1, max: 2_000 }),
          ageMs: fc.nat({ max: 7 * HOUR_MS }),
        }),
        fc.record({
          retriesMax: fc.nat({ max: 2 }),
          ageMsMax: fc.integer({ min: 60_000, max: 6 * HOUR_MS }),
        }),
        (attempt, history, limits) => {
          const next = nextStep(attempt, history, limits);
          if (next.kind === "give_up") return true;
          return next.delayMs > 0 && history.ageMs + next.delayMs <= limits.ageMsMax;
        },
      ),
    );
  });
});

describe("backoffMs", () => {
  test("is one second at first, and doubles up to five minutes", () => {
    // 2^8 s = 256 s is the last one below five minutes.
    expect([1, 2, 3, 9, 10, 2_000].map(backoffMs)).toEqual([
      1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
    ]);
  });
});
