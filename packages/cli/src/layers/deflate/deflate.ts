import { BitWriter } from "./bit-writer.ts";
import { writeBlock, writeBoundary, writeEnd } from "./block.ts";
import { MatchFinder, WINDOW_BYTES } from "./match-finder.ts";
import { BLOCK_TOKENS, emptyTokens } from "./tokens.ts";

/** Bytes that are compressed as one piece; pieces can be made at the same time. */
export const PIECE_BYTES = 1_048_576;

/** A piece of a text, with as much of what stands before it as matches may reach back to. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Where in `bytes` the piece itself begins. */
  readonly from: number;
}

/** Longest match that still has the next place looked at, in case it begins a longer one: zlib's level 8. */
const LAZY_LENGTH_MAX = 128;
const MATCH_MIN = 3;

/** Cuts a text into pieces whose compressed forms, one after the other and with {@link deflateEnd}, are its own. */
export function* piecesOf(bytes: Uint8Array): Generator<Piece> {
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    const start = Math.max(0, from - WINDOW_BYTES);
    yield { bytes: bytes.subarray(start, from + PIECE_BYTES), from: from - start };
  }
}

/** The final block of a compressed text. */
export function deflateEnd(): Uint8Array<ArrayBuffer> {
  const writer = new BitWriter(2);
  writeEnd(writer);
  return writer.bytes();
}

/**
 * Compresses one piece of a text in DEFLATE's format; it ends on a whole byte and is not the end of the text.
 *
 * Matches are chosen as zlib does at its high levels: the longest at a place, unless the next place begins a longer one.
 * The bytes follow from the piece alone: no clock, no CPU feature, no version of Node changes them.
 *
 * @see RFC 1951; zlib 1.3, deflate.c, deflate_slow, for the choice of matches.
 */
export function deflatePiece({ bytes, from }: Piece): Uint8Array<ArrayBuffer> {
  const writer = new BitWriter((bytes.length - from) >> 1);
  const finder = new MatchFinder(bytes);
  for (let position = 0; position < from; position++) finder.insert(position);
  const tokens = emptyTokens();
  let blockStart = from;
  const add = (value: number, distance: number, end: number) => {
    tokens.values[tokens.count] = value;
    tokens.distances[tokens.count] = distance;
    tokens.count += 1;
    if (tokens.count < BLOCK_TOKENS) return;
    writeBlock(writer, tokens, bytes.subarray(blockStart, end));
    tokens.count = 0;
    blockStart = end;
  };
  chooseMatches({ bytes, from, finder, add });
  if (tokens.count > 0) writeBlock(writer, tokens, bytes.subarray(blockStart));
  writeBoundary(writer);
  return writer.bytes();
}

interface Choice {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly finder: MatchFinder;
  /** Takes a literal (distance 0) or a match, and where the text after it begins. */
  readonly add: (value: number, distance: number, end: number) => void;
}

function chooseMatches({ bytes, from, finder, add }: Choice): void {
  /** The match at the place before, which is taken unless the one here is longer. */
  let heldLength = 0;
  let heldStart = 0;
  let isHeld = false;
  for (let position = from; position < bytes.length; position++) {
    const candidate = finder.insert(position);
    const length =
      candidate < 0 || heldLength >= LAZY_LENGTH_MAX
        ? 0
        : finder.longest(position, candidate, heldLength);
    if (heldLength >= MATCH_MIN && length <= heldLength) {
      const end = position - 1 + heldLength;
      while (++position < end) finder.insert(position);
      add(heldLength, end - heldLength - heldStart, end);
      position = end - 1;
      heldLength = 0;
      isHeld = false;
      continue;
    }
    if (isHeld) add(bytes[position - 1] ?? 0, 0, position);
    isHeld = true;
    heldLength = length;
    heldStart = finder.matchStart;
  }
  if (!isHeld) return;
  // A match cannot be held at the last byte: the place after a match would have been looked at.
  add(bytes[bytes.length - 1] ?? 0, 0, bytes.length);
}
