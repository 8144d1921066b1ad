import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { decideOriginal } from "./original-rule.ts";

const ROOM = 215_444_000;

describe("decideOriginal", () => {
  test("keeps an original of about the prepared form's size", () => {
    const sizes = { originalBytes: 100_000_000, preparedBytes: 101_000_000, roomBytes: ROOM };
    expect(decideOriginal(sizes).isKept).toBe(true);
  });

  test("leaves it out where both together need more than there is room for", () => {
    const sizes = { originalBytes: 110_000_000, preparedBytes: 110_000_000, roomBytes: ROOM };
    expect(decideOriginal(sizes)).toEqual({
      isKept: false,
      reason:
        "the original (105 MB) is left out: with the prepared form (105 MB) it would need more than the 205 MB that there is room for",
    });
  });

  test("leaves it out from one and a half times the prepared form on", () => {
    const preparedBytes = 20_000_000;
    const decide = (originalBytes: number) =>
      decideOriginal({ originalBytes, preparedBytes, roomBytes: ROOM }).isKept;
    expect(decide(29_999_999)).toBe(true);
    expect(decide(30_000_000)).toBe(false);
  });

  test("for every sizes, what is kept fits and costs less than it saves, and a smaller original is kept as well", () => {
    const bytes = fc.nat(300_000_000);
    const sizes = fc.record({ originalBytes: bytes, preparedBytes: bytes, roomBytes: bytes });
    fc.assert(
      fc.property(sizes, bytes, (each, less) => {
        const { isKept, reason } = decideOriginal(each);
        expect(reason).toContain(isKept ? "lies beside" : "is left out");
        fc.pre(isKept);
        expect(each.originalBytes + each.preparedBytes).toBeLessThanOrEqual(each.roomBytes);
        expect(each.originalBytes).toBeLessThan(1.5 * each.preparedBytes);
        const originalBytes = Math.min(less, each.originalBytes);
        expect(decideOriginal({ ...each, originalBytes }).isKept).toBe(true);
      }),
    );
  });
});
