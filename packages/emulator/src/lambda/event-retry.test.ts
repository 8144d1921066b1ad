import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type EventAttempt, retryDelayMs } from "./event-retry.ts";

const HOUR_MS = 3_600_000;

describe("retryDelayMs", () => {
  test("retries a function error after one minute, then after two more, then gives up", () => {
    const delays = [1, 2, 3].map((failures) =>
      retryDelayMs("failed", { failures, throttles: 0, ageMs: 0 }),
    );
    expect(delays).toEqual([60_000, 120_000, undefined]);
  });

  test("retries a throttle after one second, doubling up to five minutes", () => {
    const delays = [1, 2, 3, 9, 10, 50].map((throttles) =>
      retryDelayMs("throttled", { failures: 0, throttles, ageMs: 0 }),
    );
    // 2^8 s = 256 s is the last one below five minutes.
    expect(delays).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  });

  test("gives an event up whose next attempt would come after six hours", () => {
    const history = { failures: 0, throttles: 1 };
    expect(retryDelayMs("throttled", { ...history, ageMs: 6 * HOUR_MS - 1_000 })).toBe(1_000);
    expect(retryDelayMs("throttled", { ...history, ageMs: 6 * HOUR_MS - 999 })).toBeUndefined();
  });

  test("for every history, a retry lies in the future and within the event's age", () => {
    const attempt = fc.constantFrom<EventAttempt>("succeeded", "failed", "throttled");
    fc.assert(
      fc.property(
        attempt,
        fc.record({
          failures: fc.nat({ max: 5 }),
          throttles: fc.nat({ max: 2_000 }),
          ageMs: fc.nat({ max: 7 * HOUR_MS }),
        }),
        (kind, history) => {
          const delayMs = retryDelayMs(kind, history);
          if (delayMs === undefined) return true;
          return kind !== "succeeded" && delayMs > 0 && history.ageMs + delayMs <= 6 * HOUR_MS;
        },
      ),
    );
  });
});
