import { seededRandom } from "@pilotlight/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { drawDurationMs, type DurationLaw } from "./duration-law.ts";

describe("drawDurationMs", () => {
  test("gives a fixed duration as it is", () => {
    expect(drawDurationMs({ kind: "fixed", ms: 500 }, seededRandom(1))).toBe(500);
  });

  test("for every seed, stays within the bounds of a uniform law and meets its mean", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const draws = drawMany({ kind: "uniform", minMs: 300, maxMs: 600 }, seed);
        expect(Math.min(...draws)).toBeGreaterThanOrEqual(300);
        expect(Math.max(...draws)).toBeLessThanOrEqual(600);
        // The standard deviation is 300 / sqrt(12) = 87, that of the mean of 1,000 draws 2.7; 20 is seven of them.
        expect(Math.abs(meanOf(draws) - 450)).toBeLessThan(20);
      }),
      { numRuns: 30 },
    );
  });

  test("for every seed, meets the mean of an exponential law", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const draws = drawMany({ kind: "exponential", meanMs: 1_000 }, seed);
        expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
        // The standard deviation is the mean; that of the mean of 1,000 draws 32; 220 is seven of them.
        expect(Math.abs(meanOf(draws) - 1_000)).toBeLessThan(220);
      }),
      { numRuns: 30 },
    );
  });
});

function drawMany(law: DurationLaw, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: 1_000 }, () => drawDurationMs(law, random));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
