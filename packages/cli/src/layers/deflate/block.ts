import type { BitWriter } from "./bit-writer.ts";
import { prefixCode, type PrefixCode } from "./huffman.ts";
import type { Tokens } from "./tokens.ts";

/** Codes of lengths and distances with their first value and extra bits: RFC 1951, section 3.2.5. */
const LENGTH_EXTRA_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_EXTRA_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const LENGTH_BASES = bases(LENGTH_EXTRA_BITS, 3);
/** The last code stands for 258 alone, which the code before it could have written too. */
LENGTH_BASES[28] = 258;
const DISTANCE_BASES = bases(DISTANCE_EXTRA_BITS, 1);
const LENGTH_CODES = codesByValue(LENGTH_BASES, 258);
const DISTANCE_CODES = codesByValue(DISTANCE_BASES, 32_768);

const END_OF_BLOCK = 256;
const FIRST_LENGTH_SYMBOL = 257;

/** Order in which the lengths of the code-length code stand: RFC 1951, section 3.2.7. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const STORED_BYTES_MAX = 65_535;

/** A run of code lengths, as the block's header has it. */
interface LengthSymbol {
  readonly symbol: number;
  readonly extra: number;
  readonly extraBits: number;
}

/**
 * Writes one block, with codes of its own or plain, whichever is shorter; it is never the final one.
 *
 * @param plain - The bytes that the tokens stand for.
 */
export function writeBlock(writer: BitWriter, tokens: Tokens, plain: Uint8Array): void {
  const literals = new Uint32Array(286);
  const distances = new Uint32Array(30);
  const extraBits = countSymbols(tokens, literals, distances);
  const literalCode = prefixCode(literals, 15);
  const distanceCode = prefixCode(distances, 15);
  const header = headerOf(literalCode, distanceCode);
  const codedBits =
    header.bits + bitsOf(literals, literalCode) + bitsOf(distances, distanceCode) + extraBits;
  if (codedBits >= plain.length * 8 + 40 * Math.ceil(plain.length / STORED_BYTES_MAX)) {
    writeStored(writer, plain);
    return;
  }
  writer.write(0b100, 3);
  header.write(writer);
  writeTokens(writer, tokens, { literalCode, distanceCode });
}

/** A stored block without content, which ends on a whole byte: what follows can be made apart. */
export function writeBoundary(writer: BitWriter): void {
  writeStored(writer, new Uint8Array(0));
}

/** The final block: a fixed one with nothing in it. */
export function writeEnd(writer: BitWriter): void {
  writer.write(0b011, 3);
  writer.write(0, 7);
  writer.align();
}

function writeStored(writer: BitWriter, plain: Uint8Array): void {
  let from = 0;
  do {
    const part = plain.subarray(from, from + STORED_BYTES_MAX);
    writer.write(0, 3);
    writer.align();
    writer.write(part.length, 16);
    writer.write(part.length ^ 0xffff, 16);
    writer.append(part);
    from += part.length;
  } while (from < plain.length);
}

/** Counts how often each symbol stands in the block. @returns The extra bits of all. */
function countSymbols(tokens: Tokens, literals: Uint32Array, distances: Uint32Array): number {
  let extraBits = 0;
  for (let index = 0; index < tokens.count; index++) {
    const value = tokens.values[index] ?? 0;
    const distance = tokens.distances[index] ?? 0;
    if (distance === 0) {
      literals[value] = (literals[value] ?? 0) + 1;
      continue;
    }
    const lengthCode = LENGTH_CODES[value] ?? 0;
    const distanceCode = DISTANCE_CODES[distance] ?? 0;
    literals[FIRST_LENGTH_SYMBOL + lengthCode] =
      (literals[FIRST_LENGTH_SYMBOL + lengthCode] ?? 0) + 1;
    distances[distanceCode] = (distances[distanceCode] ?? 0) + 1;
    extraBits += (LENGTH_EXTRA_BITS[lengthCode] ?? 0) + (DISTANCE_EXTRA_BITS[distanceCode] ?? 0);
  }
  literals[END_OF_BLOCK] = 1;
  return extraBits;
}

function writeTokens(
  writer: BitWriter,
  tokens: Tokens,
  { literalCode, distanceCode }: { literalCode: PrefixCode; distanceCode: PrefixCode },
): void {
  const write = ({ codes, lengths }: PrefixCode, symbol: number) =>
    writer.write(codes[symbol] ?? 0, lengths[symbol] ?? 0);
  for (let index = 0; index < tokens.count; index++) {
    const value = tokens.values[index] ?? 0;
    const distance = tokens.distances[index] ?? 0;
    if (distance === 0) {
      write(literalCode, value);
      continue;
    }
    const length = LENGTH_CODES[value] ?? 0;
    write(literalCode, FIRST_LENGTH_SYMBOL + length);
    writer.write(value - (LENGTH_BASES[length] ?? 0), LENGTH_EXTRA_BITS[length] ?? 0);
    const far = DISTANCE_CODES[distance] ?? 0;
    write(distanceCode, far);
    writer.write(distance - (DISTANCE_BASES[far] ?? 0), DISTANCE_EXTRA_BITS[far] ?? 0);
  }
  write(literalCode, END_OF_BLOCK);
}

/** The part of a block that says which codes it uses: RFC 1951, section 3.2.7. */
function headerOf(
  literalCode: PrefixCode,
  distanceCode: PrefixCode,
): { readonly bits: number; write(writer: BitWriter): void } {
  const literalCount = usedCount(literalCode.lengths, 257);
  const distanceCount = usedCount(distanceCode.lengths, 1);
  const runs = runsOf([
    ...literalCode.lengths.subarray(0, literalCount),
    ...distanceCode.lengths.subarray(0, distanceCount),
  ]);
  const frequencies = new Uint32Array(19);
  for (const { symbol } of runs) frequencies[symbol] = (frequencies[symbol] ?? 0) + 1;
  const code = prefixCode(frequencies, 7);
  const ordered = Uint8Array.from(CODE_LENGTH_ORDER, (symbol) => code.lengths[symbol] ?? 0);
  const orderedCount = usedCount(ordered, 4);
  const runBits = runs.reduce((sum, { extraBits }) => sum + extraBits, bitsOf(frequencies, code));
  return {
    bits: 3 + 14 + 3 * orderedCount + runBits,
    write: (writer) => {
      writer.write(literalCount - 257, 5);
      writer.write(distanceCount - 1, 5);
      writer.write(orderedCount - 4, 4);
      for (const length of ordered.subarray(0, orderedCount)) writer.write(length, 3);
      for (const { symbol, extra, extraBits } of runs) {
        writer.write(code.codes[symbol] ?? 0, code.lengths[symbol] ?? 0);
        writer.write(extra, extraBits);
      }
    },
  };
}

/** Code lengths with their repetitions written short. */
function runsOf(lengths: readonly number[]): LengthSymbol[] {
  const runs: LengthSymbol[] = [];
  for (let from = 0; from < lengths.length;) {
    const length = lengths[from] ?? 0;
    const next = lengths.findIndex((other, index) => index > from && other !== length);
    const count = Math.min((next < 0 ? lengths.length : next) - from, length === 0 ? 138 : 7);
    if (length === 0 && count >= 3) {
      runs.push(
        count <= 10
          ? { symbol: 17, extra: count - 3, extraBits: 3 }
          : { symbol: 18, extra: count - 11, extraBits: 7 },
      );
    } else {
      runs.push({ symbol: length, extra: 0, extraBits: 0 });
      if (count < 4 || length === 0) {
        from += 1;
        continue;
      }
      runs.push({ symbol: 16, extra: count - 4, extraBits: 2 });
    }
    from += count;
  }
  return runs;
}

function bitsOf(frequencies: Uint32Array, { lengths }: PrefixCode): number {
  return frequencies.reduce((sum, count, symbol) => sum + count * (lengths[symbol] ?? 0), 0);
}

/** Length of a list without the zeros at its end. */
function usedCount(lengths: Uint8Array, min: number): number {
  return Math.max(min, lengths.findLastIndex((length) => length > 0) + 1);
}

function bases(extraBits: readonly number[], first: number): number[] {
  let next = first;
  return extraBits.map((bits) => {
    const base = next;
    next += 2 ** bits;
    return base;
  });
}

function codesByValue(firstValues: readonly number[], valueMax: number): Uint8Array {
  const codes = new Uint8Array(valueMax + 1);
  for (const [code, first] of firstValues.entries()) codes.fill(code, first);
  return codes;
}
