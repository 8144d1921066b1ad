import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { prefixCode } from "./huffman.ts";

/** The share of all texts that begin with a code, summed over all codes; 1 for a code without holes. */
function kraftSum(lengths: Uint8Array): number {
  return [...lengths].reduce((sum, length) => sum + (length === 0 ? 0 : 2 ** -length), 0);
}

const frequencies = fc
  .array(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(2 ** 20)), { minLength: 19, maxLength: 286 })
  .map((counts) => Uint32Array.from(counts));

describe("prefixCode", () => {
  test("for every row of frequencies, is complete, within the limit, and has a code for what occurs", () => {
    fc.assert(
      fc.property(frequencies, (counts) => {
        // 2 ** 9 codes of 9 bits are the fewest that 286 symbols fit in.
        const limit = counts.length <= 128 ? 7 : 9;
        const { lengths } = prefixCode(counts, limit);
        expect(kraftSum(lengths)).toBe(1);
        expect(Math.max(...lengths)).toBeLessThanOrEqual(limit);
        expect([...counts.keys()].filter((at) => counts[at] !== 0 && lengths[at] === 0)).toEqual(
          [],
        );
      }),
    );
  });

  test("for every row of frequencies, what is more frequent has no longer code", () => {
    fc.assert(
      fc.property(frequencies, (counts) => {
        const { lengths } = prefixCode(counts, 15);
        const used = [...counts.keys()].filter((symbol) => (counts[symbol] ?? 0) > 0);
        used.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0));
        const inOrder = used.map((symbol) => lengths[symbol] ?? 0);
        const frequent = (at: number) => counts[used[at] ?? 0] ?? 0;
        for (let at = 1; at < used.length; at++) {
          if (frequent(at) === frequent(at - 1)) continue;
          expect(inOrder[at]).toBeGreaterThanOrEqual(inOrder[at - 1] ?? 0);
        }
      }),
    );
  });

  test("is Huffman's where nothing is too long: weights 5, 9, 12, 13, 16, 45", () => {
    // The example of Cormen et al., Introduction to Algorithms, section 16.3: 224 bits in all.
    const counts = Uint32Array.of(45, 13, 12, 16, 9, 5);
    const { lengths } = prefixCode(counts, 15);
    expect([...lengths]).toEqual([1, 3, 3, 3, 4, 4]);
  });

  test("gives two symbols a code where fewer occur", () => {
    expect([...prefixCode(new Uint32Array(4), 15).lengths]).toEqual([1, 1, 0, 0]);
    expect([...prefixCode(Uint32Array.of(0, 0, 3, 0), 15).lengths]).toEqual([1, 0, 1, 0]);
  });
});
