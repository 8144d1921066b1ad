import type { Random } from "@pilotlight/core";

/** Any start but 0, which the generator never leaves. */
const START = 0x9e3779b9;

/**
 * A source of numbers that is the same on every machine, so that a build proves the same thing twice.
 *
 * @param seed - Any 32-bit integer.
 * @see George Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003, section 3 (13, 17, 5).
 */
export function repeatableRandom(seed: number): Random {
  let state = (seed ^ START) >>> 0 || START;
  return {
    next(): number {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    },
  };
}
