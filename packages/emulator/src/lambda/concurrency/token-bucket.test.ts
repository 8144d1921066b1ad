import fc from "fast-check";
import { expect, test } from "vitest";

import { TokenBucket } from "./token-bucket.ts";

test("for every pattern of requests, no window gives more than its capacity and its refill", () => {
  const gaps = fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 20 }), (gapsMs, capacity) => {
      const ratePerSec = capacity * 2;
      const bucket = new TokenBucket({ ratePerSec, capacity }, 0);
      const takenMs: number[] = [];
      let nowMs = 0;
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        if (bucket.take(nowMs)) takenMs.push(nowMs);
      }
      for (const [first, startMs] of takenMs.entries()) {
        for (const [last, endMs] of takenMs.entries()) {
          if (last < first) continue;
          const limit = capacity + ((endMs - startMs) / 1000) * ratePerSec;
          expect(last - first + 1).toBeLessThanOrEqual(limit + 1e-6);
        }
      }
    }),
  );
});

test("takes back what it had given when its limits are lowered", () => {
  const bucket = new TokenBucket({ ratePerSec: 10, capacity: 10 }, 0);
  for (let count = 0; count < 8; count += 1) bucket.take(0);
  bucket.setLimits({ ratePerSec: 5, capacity: 5 }, 0);
  expect(bucket.take(0)).toBe(false);
  expect(bucket.take(200)).toBe(true);
});
