import { constants, inflateSync } from "node:zlib";

import { convertIndexedToRgb, decode } from "fast-png";
import type { DecodedPng, PngDataArray } from "fast-png";

import { readChunks } from "./png-chunks.ts";
import type { PngHeader } from "./png-chunks.ts";
import { refusal } from "./refusal.ts";

/** Pixels from the top left, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Brightness of each pixel, 0 black to 1 white. */
  readonly luma: Float32Array;
  /** Opacity of each pixel, 0 transparent to 1 opaque. */
  readonly alpha: Float32Array;
}

/** Samples of every pixel side by side: one (grey), two (grey, alpha), three (RGB) or four (RGB, alpha). */
interface Samples {
  readonly data: PngDataArray;
  readonly channels: number;
  /** The value of white. */
  readonly max: number;
  /** The colour that stands for transparent, one value per channel. */
  readonly transparent: readonly number[];
}

/** Offset and step of the seven passes of an interlaced image. @see https://www.w3.org/TR/png-3/#8Interlace */
const PASSES = [
  { x: 0, y: 0, xStep: 8, yStep: 8 },
  { x: 4, y: 0, xStep: 8, yStep: 8 },
  { x: 0, y: 4, xStep: 4, yStep: 8 },
  { x: 2, y: 0, xStep: 4, yStep: 4 },
  { x: 0, y: 2, xStep: 2, yStep: 4 },
  { x: 1, y: 0, xStep: 2, yStep: 2 },
  { x: 0, y: 1, xStep: 1, yStep: 2 },
] as const;
const WHOLE = [{ x: 0, y: 0, xStep: 1, yStep: 1 }] as const;

/** Weights of red, green and blue in brightness. @see ITU-R BT.601, section 2.5.1 */
const LUMA_WEIGHTS = [0.299, 0.587, 0.114] as const;

/**
 * Decodes a PNG of any colour type and depth.
 *
 * @throws Refusal 400 when the bytes are no whole PNG of at most 4,194,304 pixels.
 */
export function readPicture(body: Uint8Array): Picture {
  const { header, file, compressed } = readChunks(body);
  checkInflatedSize(compressed, header);
  try {
    const decoded = decode(file, { checkCrc: true });
    return pictureOf(header, samplesOf(decoded, header));
  } catch (error) {
    throw damaged(error);
  }
}

function damaged(cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return refusal(400, `the PNG is damaged: ${reason}; save it anew`, { cause });
}

/** Inflates within the size that the header gives: a few bytes of a hostile file could fill the memory. */
function checkInflatedSize(compressed: Uint8Array, header: PngHeader): void {
  const expectedBytes = inflatedBytes(header);
  let inflated: Uint8Array;
  try {
    const finishFlush = constants.Z_FINISH;
    inflated = inflateSync(compressed, { maxOutputLength: expectedBytes, finishFlush });
  } catch (error) {
    throw damaged(error);
  }
  if (inflated.length !== expectedBytes) {
    throw damaged(new Error(`${inflated.length} bytes of pixels instead of ${expectedBytes}`));
  }
}

/** Bytes of all rows, each with the byte that names its filter. */
function inflatedBytes({ width, height, depth, channels, isInterlaced }: PngHeader): number {
  const passes = isInterlaced ? PASSES : WHOLE;
  const bytes = passes.map(({ x, y, xStep, yStep }) => {
    const columns = Math.ceil((width - x) / xStep);
    const rows = Math.ceil((height - y) / yStep);
    return columns > 0 && rows > 0 ? rows * (1 + Math.ceil((columns * channels * depth) / 8)) : 0;
  });
  return bytes.reduce((sum, count) => sum + count, 0);
}

function samplesOf(decoded: DecodedPng, header: PngHeader): Samples {
  if (header.isIndexed) {
    const data = convertIndexedToRgb(decoded);
    const channels = data.length / (header.width * header.height);
    return { data, channels, max: 255, transparent: [] };
  }
  const { channels, depth } = header;
  const data = depth < 8 ? unpacked(decoded.data, header) : decoded.data;
  return { data, channels, max: 2 ** depth - 1, transparent: [...(decoded.transparency ?? [])] };
}

/** Gives each grey sample of less than a byte a byte of its own; rows begin at whole bytes. */
function unpacked(packed: PngDataArray, { width, height, depth }: PngHeader): Uint8Array {
  const samples = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  const samplesPerByte = 8 / depth;
  for (let index = 0; index < samples.length; index++) {
    const column = index % width;
    const row = Math.floor(index / width);
    const byte = packed[row * rowBytes + Math.floor(column / samplesPerByte)] ?? 0;
    const shift = 8 - depth * ((column % samplesPerByte) + 1);
    samples[index] = (byte >> shift) & (2 ** depth - 1);
  }
  return samples;
}

function pictureOf({ width, height }: PngHeader, samples: Samples): Picture {
  const luma = new Float32Array(width * height);
  const alpha = new Float32Array(width * height).fill(1);
  const { data, channels, max, transparent } = samples;
  const at = (position: number) => data[position] ?? 0;
  const [red, green, blue] = LUMA_WEIGHTS;
  for (let index = 0; index < luma.length; index++) {
    const start = index * channels;
    const brightness =
      channels < 3 ? at(start) : red * at(start) + green * at(start + 1) + blue * at(start + 2);
    luma[index] = brightness / max;
    if (channels % 2 === 0) alpha[index] = at(start + channels - 1) / max;
    else if (transparent.length === channels) {
      if (transparent.every((value, channel) => value === at(start + channel))) alpha[index] = 0;
    }
  }
  return { width, height, luma, alpha };
}
