import { refusal } from "./refusal.ts";

/** Bytes at the start of every PNG. @see https://www.w3.org/TR/png-3/#5PNG-file-signature */
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const HEADER_BYTES = 13;
/** Bytes of a chunk beside its data: length, type, checksum. */
const CHUNK_FRAME_BYTES = 12;

/** Bounds what decoding may allocate: 2048 x 2048 pixels of 8 bytes are 32 MiB. */
const MAX_PIXELS = 4_194_304;

/** Chunks that say what the pixels are; text, colour profiles and animation frames are left out. */
const PIXEL_CHUNKS: ReadonlySet<string> = new Set(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);

/**
 * Channels and allowed bits per sample of each colour type.
 *
 * @see https://www.w3.org/TR/png-3/#11IHDR, table of allowed combinations.
 */
const COLOUR_TYPES: Readonly<Record<number, { channels: number; depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

/** What the header chunk of a PNG says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per sample. */
  readonly depth: number;
  /** Samples per pixel; an index into the palette is one sample. */
  readonly channels: number;
  readonly isIndexed: boolean;
  readonly isInterlaced: boolean;
}

/** A PNG that is whole and of a size that may be decoded. */
export interface PngChunks {
  readonly header: PngHeader;
  /** The file with only the chunks that say what the pixels are. */
  readonly file: Uint8Array;
  /** The compressed pixels. */
  readonly compressed: Uint8Array;
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  readonly whole: Uint8Array;
}

/**
 * Takes a PNG apart without decoding its pixels.
 *
 * @throws Refusal 400 when the bytes are no PNG, are cut short, or describe an image that is not accepted.
 */
export function readChunks(body: Uint8Array): PngChunks {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw notPng(bytes);
  const chunks = [...chunksOf(bytes)].filter((chunk) => PIXEL_CHUNKS.has(chunk.type));
  const header = readHeader(chunks[0]);
  const compressed = Buffer.concat(
    chunks.filter((chunk) => chunk.type === "IDAT").map((chunk) => chunk.data),
  );
  const file = Buffer.concat([SIGNATURE, ...chunks.map((chunk) => chunk.whole)]);
  return { header, file, compressed };
}

function notPng(bytes: Buffer): Error {
  if (bytes.length === 0) return refusal(400, "the body is empty; send a PNG image of one digit");
  const start = bytes.subarray(0, SIGNATURE.length).toString("hex");
  return refusal(
    400,
    `the body is not a PNG: it starts with the bytes ${start}, a PNG with ${SIGNATURE.toString("hex")}; send the file itself, for example with curl --data-binary @digit.png`,
  );
}

function* chunksOf(bytes: Buffer): Generator<Chunk> {
  let start = SIGNATURE.length;
  while (start + CHUNK_FRAME_BYTES <= bytes.length) {
    const end = start + CHUNK_FRAME_BYTES + bytes.readUInt32BE(start);
    if (end > bytes.length) break;
    const type = bytes.toString("latin1", start + 4, start + 8);
    yield { type, data: bytes.subarray(start + 8, end - 4), whole: bytes.subarray(start, end) };
    if (type === "IEND") return;
    start = end;
  }
  throw refusal(400, `the PNG is cut short after ${bytes.length} bytes; send the whole file`);
}

function readHeader(chunk: Chunk | undefined): PngHeader {
  if (chunk?.type !== "IHDR" || chunk.data.length !== HEADER_BYTES) {
    throw refusal(400, "the PNG does not start with a header of 13 bytes; save it anew");
  }
  const data = Buffer.from(chunk.data);
  const [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  const [depth, colourType, interlace] = [data.readUInt8(8), data.readUInt8(9), data.readUInt8(12)];
  const colour = COLOUR_TYPES[colourType];
  if (colour === undefined || !colour.depths.includes(depth) || interlace > 1) {
    throw refusal(
      400,
      `the PNG's header has colour type ${colourType}, ${depth} bits per sample and interlace method ${interlace}, which is no PNG; save it anew`,
    );
  }
  const { channels } = colour;
  const header = { width, height, depth, channels, isIndexed: colourType === 3 };
  return checked({ ...header, isInterlaced: interlace === 1 });
}

function checked(header: PngHeader): PngHeader {
  const { width, height, depth, isInterlaced } = header;
  if (width === 0 || height === 0 || width * height > MAX_PIXELS) {
    throw refusal(
      400,
      `the image is ${width} x ${height} pixels; accepted: 1 to ${MAX_PIXELS} pixels in all, such as 2048 x 2048; scale it down`,
    );
  }
  // fast-png reads interlaced samples of less than a byte as whole bytes.
  if (isInterlaced && depth < 8) {
    throw refusal(
      400,
      `the PNG is interlaced with ${depth} bits per sample; accepted: interlaced with 8 or 16, or not interlaced; save it without interlacing`,
    );
  }
  return header;
}
