/** Farthest that a match may lie back, in bytes: RFC 1951, section 2. */
export const WINDOW_BYTES = 32_768;

const MATCH_MIN = 3;
const MATCH_MAX = 258;
const WINDOW_MASK = WINDOW_BYTES - 1;
const HASH_BITS = 16;

/**
 * Places that are looked at for one match. Twice as many make ONNX Runtime's library 0.1 % smaller and take 28 % longer,
 * half as many 0.2 % larger and 14 % shorter (measured on its x64 library).
 */
const CHAIN_MAX = 256;
/** A match of this length is good enough to look at a quarter of the places for a longer one: zlib's level 8. */
const GOOD_LENGTH = 32;
const NICE_LENGTH = MATCH_MAX;

/** A match of three bytes costs more than three literals when it lies farther back: zlib's TOO_FAR. */
const SHORT_MATCH_DISTANCE_MAX = 4096;

/** Finds the longest earlier text that repeats at a place, by chains of places with equal hashes. */
export class MatchFinder {
  readonly #bytes: Uint8Array;
  readonly #heads = new Int32Array(1 << HASH_BITS).fill(-1);
  readonly #earlier = new Int32Array(WINDOW_BYTES);
  /** Where the match of the last successful search begins. */
  matchStart = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Makes the text at a place known to later searches. @returns The nearest earlier place that may match, or -1. */
  insert(position: number): number {
    const bytes = this.#bytes;
    if (position + MATCH_MIN > bytes.length) return -1;
    const three =
      (bytes[position] ?? 0) |
      ((bytes[position + 1] ?? 0) << 8) |
      ((bytes[position + 2] ?? 0) << 16);
    const hash = Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = this.#heads[hash] ?? -1;
    this.#earlier[position & WINDOW_MASK] = candidate;
    this.#heads[hash] = position;
    return candidate;
  }

  /**
   * The length of the longest match at `position` that is longer than `known`; 0 when there is none.
   *
   * @param candidate - What {@link insert} gave for the position.
   */
  longest(position: number, candidate: number, known: number): number {
    const bytes = this.#bytes;
    const lengthMax = Math.min(MATCH_MAX, bytes.length - position);
    const oldest = position - WINDOW_BYTES;
    let best = Math.max(known, MATCH_MIN - 1);
    if (best >= lengthMax) return 0;
    let found = false;
    let left = known >= GOOD_LENGTH ? CHAIN_MAX >> 2 : CHAIN_MAX;
    for (
      let place = candidate;
      place >= 0 && place > oldest && left > 0;
      place = this.#earlier[place & WINDOW_MASK] ?? -1, left--
    ) {
      if (bytes[place + best] !== bytes[position + best]) continue;
      if (bytes[place + best - 1] !== bytes[position + best - 1]) continue;
      let length = 0;
      while (length < lengthMax && bytes[place + length] === bytes[position + length]) length++;
      if (length <= best) continue;
      best = length;
      found = true;
      this.matchStart = place;
      if (length >= NICE_LENGTH || length === lengthMax) break;
    }
    if (!found) return 0;
    const isTooFar = best === MATCH_MIN && position - this.matchStart > SHORT_MATCH_DISTANCE_MAX;
    return isTooFar ? 0 : best;
  }
}
