import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { epochMsOf, isTimeZone, localMsOf } from "./zoned-time.ts";

describe("epochMsOf", () => {
  test("for every instant and zone, gives it back from its local time, or the same time before it", () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"];
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2040, 0) }),
        fc.constantFrom(...zones),
        (epochMs, timeZone) => {
          const localMs = localMsOf(epochMs, timeZone);
          const back = epochMsOf(localMs, timeZone) ?? Number.NaN;
          expect(localMsOf(back, timeZone)).toBe(localMs);
          expect(back).toBeLessThanOrEqual(epochMs);
        },
      ),
    );
  });

  test("has no instant for a local time that clocks skip", () => {
    expect(epochMsOf(Date.UTC(2026, 2, 8, 2, 30), "America/New_York")).toBeUndefined();
    expect(epochMsOf(Date.UTC(2026, 2, 8, 3, 0), "America/New_York")).toBe(Date.UTC(2026, 2, 8, 7));
  });
});

describe("isTimeZone", () => {
  test.each([
    ["UTC", true],
    ["America/New_York", true],
    ["Mars/Base", false],
    ["+03:00", false],
    ["", false],
  ])("says of %j: %s", (name, isOne) => {
    expect(isTimeZone(name)).toBe(isOne);
  });
});
