import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { DEFAULT_RETRY_POLICY, nextAttempt } from "./persistent-delivery.ts";

describe("nextAttempt", () => {
  test("waits a second, twice as long each time, ten minutes at most", () => {
    const delays = [1, 2, 3, 10, 11, 100].map((failures) =>
      nextAttempt({ failures, ageMs: 0 }, DEFAULT_RETRY_POLICY),
    );
    expect(delays).toEqual([
      { delayMs: 1_000 },
      { delayMs: 2_000 },
      { delayMs: 4_000 },
      { delayMs: 512_000 },
      { delayMs: 600_000 },
      { delayMs: 600_000 },
    ]);
  });

  test("for every policy, makes no more attempts than it allows, and none too late", () => {
    fc.assert(
      fc.property(
        fc.nat(185),
        fc.integer({ min: 60, max: 86_400 }),
        (retriesMax, eventAgeSecMax) => {
          let [failures, ageMs] = [0, 0];
          let exhausted: string | undefined;
          while (exhausted === undefined) {
            failures += 1;
            const next = nextAttempt({ failures, ageMs }, { retriesMax, eventAgeSecMax });
            if ("delayMs" in next) ageMs += next.delayMs;
            else exhausted = next.exhausted;
          }
          expect(failures).toBeLessThanOrEqual(retriesMax + 1);
          expect(ageMs).toBeLessThanOrEqual(eventAgeSecMax * 1_000);
          const isWorn = failures === retriesMax + 1;
          expect(exhausted).toBe(isWorn ? "MaximumRetryAttempts" : "MaximumEventAgeInSeconds");
        },
      ),
    );
  });
});
