/** A prefix code: for each symbol the length of its code in bits, 0 where it has none, and the code itself. */
export interface PrefixCode {
  readonly lengths: Uint8Array;
  /** Most significant bit first in the code, so stored reversed for a writer that begins with the least. */
  readonly codes: Uint16Array;
}

/**
 * The prefix code with the shortest text for these frequencies, no code longer than `limit`.
 *
 * Equal frequencies are settled by the symbol's number, so that the code follows from the frequencies alone. At least
 * two symbols get a code: some readers refuse a code with holes.
 *
 * @param limit - Bits, 15 for data and 7 for the lengths themselves (RFC 1951, section 3.2.7).
 */
export function prefixCode(frequencies: Uint32Array, limit: number): PrefixCode {
  const weights = frequencies.slice();
  for (let symbol = 0; symbol < 2; symbol++) {
    if (weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0) >= 2) break;
    weights[symbol] ||= 1;
  }
  const symbols = [...weights.keys()].filter((symbol) => (weights[symbol] ?? 0) > 0);
  symbols.sort((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0) || a - b);
  const counts = limited(depthCounts(symbols.map((symbol) => weights[symbol] ?? 0)), limit);
  const lengths = new Uint8Array(frequencies.length);
  let next = 0;
  for (let length = limit; length > 0; length--) {
    for (let left = counts[length] ?? 0; left > 0; left--) lengths[symbols[next++] ?? 0] = length;
  }
  return { lengths, codes: codesOf(lengths) };
}

/** How many leaves of the Huffman tree lie at each depth; the weights are sorted, at least two. */
function depthCounts(weights: readonly number[]): number[] {
  const leafCount = weights.length;
  const all = [...weights];
  const parents: number[] = [];
  let leaf = 0;
  let inner = leafCount;
  const smallest = (): number => {
    const takesLeaf =
      leaf < leafCount && (inner >= all.length || (all[leaf] ?? 0) <= (all[inner] ?? 0));
    return takesLeaf ? leaf++ : inner++;
  };
  while (all.length < 2 * leafCount - 1) {
    const [first, second] = [smallest(), smallest()];
    parents[first] = all.length;
    parents[second] = all.length;
    all.push((all[first] ?? 0) + (all[second] ?? 0));
  }
  const depths: number[] = [];
  depths[all.length - 1] = 0;
  const counts: number[] = [];
  for (let node = all.length - 2; node >= 0; node--) {
    const depth = (depths[parents[node] ?? 0] ?? 0) + 1;
    depths[node] = depth;
    if (node < leafCount) counts[depth] = (counts[depth] ?? 0) + 1;
  }
  return counts;
}

/** Moves leaves that lie too deep up to the limit, and others down until the code is complete again. */
function limited(counts: readonly (number | undefined)[], limit: number): number[] {
  const kept = Array.from({ length: limit + 1 }, (_, depth) => counts[depth] ?? 0);
  for (const count of counts.slice(limit + 1)) kept[limit] = (kept[limit] ?? 0) + (count ?? 0);
  let share = kept.reduce((sum, count, depth) => sum + count * 2 ** (limit - depth), 0);
  while (share > 2 ** limit) {
    const from = kept.findLastIndex((count, depth) => depth < limit && count > 0);
    kept[limit] = (kept[limit] ?? 0) - 1;
    kept[from] = (kept[from] ?? 0) - 1;
    kept[from + 1] = (kept[from + 1] ?? 0) + 2;
    share -= 1;
  }
  return kept;
}

/** Canonical codes out of lengths: RFC 1951, section 3.2.2. */
function codesOf(lengths: Uint8Array): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      codes[symbol] = reversed(code, length);
      code += 1;
    }
    code <<= 1;
  }
  return codes;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit);
  return result;
}
