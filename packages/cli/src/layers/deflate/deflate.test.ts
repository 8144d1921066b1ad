import { inflateRawSync } from "node:zlib";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { deflateEnd, deflatePiece, PIECE_BYTES, piecesOf } from "./deflate.ts";
import { deflatePieces } from "./deflate-threads.ts";

function deflated(bytes: Uint8Array): Buffer {
  return Buffer.concat([...[...piecesOf(bytes)].map(deflatePiece), deflateEnd()]);
}

/** Bytes that repeat at short and long distances, as programs do, and bytes that do not. */
const text = fc
  .array(
    fc.oneof(
      fc.record({ bytes: fc.uint8Array({ maxLength: 40 }), times: fc.nat(200) }),
      fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 3 }), times: fc.nat(20_000) }),
      fc.record({ bytes: fc.uint8Array({ maxLength: 3000 }), times: fc.constant(1) }),
    ),
    { maxLength: 12 },
  )
  .map((parts) =>
    Buffer.concat(parts.flatMap(({ bytes, times }) => Array.from({ length: times }, () => bytes))),
  );

/** The same bytes in every run: a linear congruential generator (Numerical Recipes, section 7.1). */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

describe("deflatePiece", () => {
  test("for every text, zlib reads back what was compressed", () => {
    fc.assert(
      fc.property(text, (bytes) => {
        expect(inflateRawSync(deflated(bytes)).equals(bytes)).toBe(true);
      }),
    );
  });

  test("for every piece and what stands before it, the piece alone is compressed", () => {
    fc.assert(
      fc.property(text, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, share) => {
        const from = Math.floor(Math.min(bytes.length, 32_768) * share);
        const compressed = Buffer.concat([deflatePiece({ bytes, from }), deflateEnd()]);
        const dictionary = bytes.subarray(0, from);
        const read = inflateRawSync(compressed, from === 0 ? {} : { dictionary });
        expect(read.equals(bytes.subarray(from))).toBe(true);
      }),
    );
  });

  test("writes plainly what cannot be made smaller, block by block", () => {
    const bytes = noise(200_000, 7);
    const compressed = deflated(bytes);
    expect(inflateRawSync(compressed).equals(bytes)).toBe(true);
    // 5 bytes for each block of at most 16,383 literals, for the boundary and for the end.
    expect(compressed.length).toBeLessThanOrEqual(200_000 + 5 * (Math.ceil(200_000 / 16_383) + 2));
  });

  test("finds what repeats at the greatest distance that the format has", () => {
    const half = noise(32_767, 3);
    expect(deflated(Buffer.concat([half, half])).length).toBeLessThan(33_500);
  });

  test("takes pieces that reach back over the border between them", () => {
    const word = noise(10_000, 11);
    const bytes = Buffer.concat([Buffer.alloc(PIECE_BYTES - 10_000), word, word]);
    const compressed = deflated(bytes);
    expect(inflateRawSync(compressed).equals(bytes)).toBe(true);
    // The word once, 2 bits for every 258 zeros, and a few hundred bytes for the second piece, which is the word again.
    expect(compressed.length).toBeLessThan(13_000);
  });
});

describe("deflatePieces", () => {
  test("gives on several threads what one thread gives, in order", async () => {
    const bytes = Buffer.concat([noise(40_000, 5), Buffer.alloc(3 * PIECE_BYTES, "pilotlight")]);
    const together = await deflatePieces([...piecesOf(bytes)]);
    expect(Buffer.concat([...together, deflateEnd()]).equals(deflated(bytes))).toBe(true);
  });
});
