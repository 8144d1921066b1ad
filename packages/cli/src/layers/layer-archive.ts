import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

import { invariant } from "@pilotlight/core";
import { Zip, type ZipInputFile } from "fflate";

import { deflateEnd, piecesOf } from "./deflate/deflate.ts";
import { deflatePieces } from "./deflate/deflate-threads.ts";

/** One file of a layer. */
export interface LayerFile {
  /** Relative to /opt, with `/` between its parts. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** A program: rights 0755 instead of 0644. */
  readonly isExecutable?: boolean;
}

/** A ZIP file as PublishLayerVersion takes it. */
export interface LayerArchive {
  readonly bytes: Uint8Array;
  /** Of the ZIP file, hexadecimal: equal content has equal digests. */
  readonly sha256: string;
  readonly zippedBytes: number;
  /** What counts against Lambda's limit for a function with its layers. */
  readonly unzippedBytes: number;
}

/**
 * Grows when the same files would give other bytes than before; layer-archive.test.ts holds the bytes to it.
 *
 * Archives that are kept between builds are found by it.
 */
export const ARCHIVE_FORMAT = 1;

/** The host system in an entry's attributes that makes readers take its Unix rights: APPNOTE.TXT, section 4.4.2.2. */
const UNIX = 3;
const REGULAR_FILE = 0o100_000;

/** Method 8: everything is in DEFLATE's format, what cannot be made smaller as stored blocks of it. */
const DEFLATED = 8;

/**
 * Packs files into a ZIP file whose bytes follow from the files alone.
 *
 * Entries stand in the order of their paths, have the oldest time that the format knows and no others, and come without
 * entries for folders; neither the order of `files` nor the machine or its time zone shows.
 *
 * @param files - Each path once; they hold less than 4 GB together.
 */
export async function layerArchive(files: readonly LayerFile[]): Promise<LayerArchive> {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const [index, { path }] of sorted.entries()) {
    invariant(isPlain(path), `a layer's path is relative and plain; got "${path}"`);
    invariant(sorted[index - 1]?.path !== path, `a layer has a path once; got "${path}" twice`);
  }
  const unzippedBytes = sorted.reduce((sum, { bytes }) => sum + bytes.length, 0);
  invariant(unzippedBytes < 2 ** 32, `a layer has less than 4 GB; got ${unzippedBytes} bytes`);
  const bytes = packed(sorted, await deflated(sorted));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { bytes, sha256, zippedBytes: bytes.length, unzippedBytes };
}

/** The compressed parts of each file; the pieces of all files are compressed together. */
async function deflated(files: readonly LayerFile[]): Promise<Uint8Array<ArrayBuffer>[][]> {
  const pieces = files.map(({ bytes }) => [...piecesOf(bytes)]);
  const compressed = (await deflatePieces(pieces.flat())).values();
  return pieces.map((own) => [...compressed.take(own.length), deflateEnd()]);
}

function packed(
  files: readonly LayerFile[],
  bodies: readonly Uint8Array<ArrayBuffer>[][],
): Uint8Array {
  const chunks: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error !== null) throw error;
    chunks.push(chunk);
  });
  for (const [index, { path, bytes, isExecutable = false }] of files.entries()) {
    const rights = isExecutable ? 0o755 : 0o644;
    const entry: ZipInputFile = {
      filename: path,
      size: bytes.length,
      crc: crc32(bytes),
      compression: DEFLATED,
      os: UNIX,
      attrs: ((REGULAR_FILE | rights) << 16) >>> 0,
      // The format has no time zone; fflate reads the local parts, so that these are the same everywhere.
      mtime: new Date(1980, 0, 1),
    };
    zip.add(entry);
    const body = bodies[index] ?? [];
    for (const [part, chunk] of body.entries()) {
      entry.ondata?.(null, chunk, part === body.length - 1);
    }
  }
  zip.end();
  return Buffer.concat(chunks);
}

function isPlain(path: string): boolean {
  const parts = path.split("/");
  return (
    !/[\\\0]/.test(path) && parts.every((part) => part !== "" && part !== "." && part !== "..")
  );
}
