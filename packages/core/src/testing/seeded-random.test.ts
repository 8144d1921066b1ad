import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { seededRandom } from "./seeded-random.ts";

describe("seededRandom", () => {
  test("repeats itself for the same seed", () => {
    const [first, second] = [seededRandom(7), seededRandom(7)];
    expect([first.next(), first.next()]).toEqual([second.next(), second.next()]);
  });

  test("for every seed, stays in [0, 1) and averages one half", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = seededRandom(seed);
        const draws = Array.from({ length: 2000 }, () => random.next());
        expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
        const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
        // The standard error of the mean of 2,000 uniform draws is 0.0065; 0.04 is six of them.
        expect(Math.abs(mean - 0.5)).toBeLessThan(0.04);
      }),
      { numRuns: 50 },
    );
  });
});
