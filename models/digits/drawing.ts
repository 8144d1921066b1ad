/** Drawings and the PNG files that the tests make of them. */
import { crc32 } from "node:zlib";

import type { BitDepth, ImageData } from "fast-png";

/** A drawing on white paper, row by row. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** 0 white paper to 1 black. */
  readonly darkness: readonly number[];
}

/** Puts the drawing on a larger canvas, each of its pixels `factor` pixels wide. */
export function placed(
  drawing: Drawing,
  at: { left: number; top: number; width: number; height: number; factor: number },
): Drawing {
  const darkness = Array.from({ length: at.width * at.height }, (_, index) => {
    const column = Math.floor(((index % at.width) - at.left) / at.factor);
    const row = Math.floor((Math.floor(index / at.width) - at.top) / at.factor);
    const isInside = column >= 0 && column < drawing.width && row >= 0 && row < drawing.height;
    return isInside ? (drawing.darkness[row * drawing.width + column] ?? 0) : 0;
  });
  return { width: at.width, height: at.height, darkness };
}

export function inverted({ width, height, darkness }: Drawing): Drawing {
  return { width, height, darkness: darkness.map((value) => 1 - value) };
}

/** Writes one pixel as samples from 0 to `max`. */
export type Pixel = (darkness: number, max: number) => number[];

export const GREY: Pixel = (darkness, max) => [(1 - darkness) * max];
export const RGB: Pixel = (darkness, max) => [max, (1 - darkness) * max, (1 - darkness) * max];
export const GREY_ALPHA: Pixel = (darkness, max) => [0, darkness * max];
export const RGBA: Pixel = (darkness, max) => [0, 0, 0.2 * max, darkness * max];
export const WHITE_ON_NOTHING: Pixel = (darkness, max) => [max, max, max, darkness * max];

export function picture(drawing: Drawing, depth: 8 | 16, pixel: Pixel): ImageData {
  const samples = drawing.darkness.flatMap((value) => pixel(value, 2 ** depth - 1).map(Math.round));
  const data = depth === 8 ? Uint8Array.from(samples) : Uint16Array.from(samples);
  return {
    width: drawing.width,
    height: drawing.height,
    depth,
    data,
    channels: samples.length / drawing.darkness.length,
  };
}

/** Samples of `depth` bits, several to a byte, rows at whole bytes; `levelOf` gives the sample. */
export function packed(
  { width, height, darkness }: Drawing,
  depth: BitDepth,
  levelOf: (darkness: number, max: number) => number,
): ImageData {
  const rowBytes = Math.ceil((width * depth) / 8);
  const data = new Uint8Array(rowBytes * height);
  for (const [index, value] of darkness.entries()) {
    const bit = (index % width) * depth;
    const position = Math.floor(index / width) * rowBytes + Math.floor(bit / 8);
    const level = Math.round(levelOf(value, 2 ** depth - 1));
    data[position] = (data[position] ?? 0) | (level << (8 - depth - (bit % 8)));
  }
  return { width, height, depth, channels: 1, data };
}

export function greyPalette(depth: number, alpha?: number): number[][] {
  const colours = Array.from({ length: 2 ** depth }, (_, index) => {
    const value = Math.round((255 * index) / (2 ** depth - 1));
    return [value, value, 255];
  });
  // fast-png writes the opacity of the colours that are not opaque: they have to come first.
  return alpha === undefined
    ? colours
    : colours.map((colour, index) => [...colour, index === 0 ? alpha : 255]);
}

/** A chunk: its length, its type, its data, and the checksum of the last two. */
export function chunk(type: string, data: Uint8Array): Uint8Array {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, checksum]);
}

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");

export function header(fields: {
  width: number;
  height: number;
  depth: number;
  colourType: number;
  interlace?: number;
}) {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(fields.width, 0);
  data.writeUInt32BE(fields.height, 4);
  data.writeUInt8(fields.depth, 8);
  data.writeUInt8(fields.colourType, 9);
  data.writeUInt8(fields.interlace ?? 0, 12);
  return chunk("IHDR", data);
}

export function png(...chunks: Uint8Array[]): Uint8Array {
  return Buffer.concat([SIGNATURE, ...chunks, chunk("IEND", new Uint8Array())]);
}
