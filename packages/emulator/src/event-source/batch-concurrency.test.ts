import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  concurrencyRange,
  GROWTH_INTERVAL_MS,
  grownLimit,
  limitAfter,
  throttleDelayMs,
} from "./batch-concurrency.ts";

describe("concurrencyRange", () => {
  test("is 5 to 1,250 batches", () => {
    expect(concurrencyRange({}, 10_000)).toEqual({ start: 5, max: 1_250 });
  });

  test("ends at the mapping's own number and at the account's", () => {
    expect(concurrencyRange({ concurrencyMax: 3 }, 10_000)).toEqual({ start: 3, max: 3 });
    expect(concurrencyRange({ concurrencyMax: 700 }, 256)).toEqual({ start: 5, max: 256 });
  });

  test("gives ten batches to each provisioned poller", () => {
    const pollers = { minimum: 2, maximum: 20 };
    expect(concurrencyRange({ pollers }, 10_000)).toEqual({ start: 20, max: 200 });
  });
});

describe("grownLimit", () => {
  test("has 300 more batches after a minute", () => {
    const range = concurrencyRange({}, 10_000);
    let limit = range.start;
    for (let ms = 0; ms < 60_000; ms += GROWTH_INTERVAL_MS) limit = grownLimit(limit, range);
    expect(limit).toBe(305);
  });
});

describe("limitAfter", () => {
  test("for every course of batches, stays between one and the largest number", () => {
    const outcome = fc.constantFrom("succeeded", "failed", "throttled", "grown");
    fc.assert(
      fc.property(fc.array(outcome), fc.integer({ min: 1, max: 20 }), (outcomes, max) => {
        const range = concurrencyRange({}, max);
        let limit = range.start;
        for (const next of outcomes) {
          limit = next === "grown" ? grownLimit(limit, range) : limitAfter(next, { limit, range });
          expect(limit).toBeGreaterThanOrEqual(1);
          expect(limit).toBeLessThanOrEqual(max);
        }
      }),
      { seed: 20_261_124 },
    );
  });

  test("halves when a batch fails and comes back step by step", () => {
    const range = { start: 5, max: 100 };
    expect(limitAfter("failed", { limit: 5, range })).toBe(2);
    expect(limitAfter("throttled", { limit: 1, range })).toBe(1);
    expect(limitAfter("succeeded", { limit: 2, range })).toBe(3);
    expect(limitAfter("succeeded", { limit: 5, range })).toBe(5);
  });
});

describe("throttleDelayMs", () => {
  test("doubles from one second to five minutes", () => {
    const delays = [1, 2, 3, 9, 10, 20].map((throttles) => throttleDelayMs(throttles, Infinity));
    expect(delays).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  });

  test("gives up where others can see the messages by then", () => {
    expect(throttleDelayMs(1, 1_001)).toBe(1_000);
    expect(throttleDelayMs(1, 1_000)).toBeUndefined();
  });
});
