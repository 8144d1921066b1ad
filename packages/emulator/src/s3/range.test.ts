import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { rangeOf } from "./range.ts";

describe("rangeOf", () => {
  test.each([
    [undefined, 10, "whole"],
    ["bytes=0-0", 10, { first: 0, last: 0 }],
    ["bytes=3-", 10, { first: 3, last: 9 }],
    ["bytes=-4", 10, { first: 6, last: 9 }],
    ["bytes=-40", 10, { first: 0, last: 9 }],
    ["bytes=8-40", 10, { first: 8, last: 9 }],
    ["bytes=10-", 10, "unsatisfiable"],
    ["bytes=-0", 10, "unsatisfiable"],
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=5-4", 10, "whole"],
    ["bytes=-", 10, "whole"],
    ["lines=1-2", 10, "whole"],
    ["bytes=1-2,4-5", 10, "whole"],
  ])("reads %s of %d bytes", (header, sizeBytes, expected) => {
    expect(rangeOf(header, sizeBytes)).toEqual(expected);
  });

  test("for every range and every size, stays inside the content", () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(99), fc.nat(60), (first, length, sizeBytes) => {
        const range = rangeOf(`bytes=${first}-${first + length}`, sizeBytes);
        if (typeof range === "string") return range === "unsatisfiable" && first >= sizeBytes;
        return range.first === first && range.last === Math.min(first + length, sizeBytes - 1);
      }),
    );
  });
});
