import type { Random } from "../random.ts";

/**
 * A repeatable source of randomness for tests.
 *
 * @param seed - Any 32-bit integer; print it where a test fails.
 * @see Mulberry32 (Tommy Ettinger, public domain) for the generator.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next(): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
