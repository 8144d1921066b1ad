import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { ARCHIVE_FORMAT, layerArchive, type LayerFile } from "./layer-archive.ts";

/** A layer that can be published. */
export interface BuiltLayer {
  /** Follows from its content: the same bytes have the same name. */
  readonly name: string;
  /** The ZIP file, in the cache. */
  readonly zipPath: string;
  /** Of the ZIP file, hexadecimal. */
  readonly sha256: string;
  readonly zippedBytes: number;
  readonly unzippedBytes: number;
  /** Whether the ZIP file was there already. */
  readonly isCached: boolean;
}

/** What a layer is made of, and where its archive is kept between builds. */
export interface LayerRecipe {
  /** The readable part of the layer's name: letters, digits, `-` and `_`. */
  readonly label: string;
  readonly files: readonly LayerFile[];
  readonly cacheDirectory: string;
}

/** Archives of one label that are kept: this one and those before it, of two branches and two versions, say. */
const KEPT_MAX = 4;

const DIGEST_CHARS = 16;

/**
 * Builds a layer, or finds the one that was built from the same files before.
 *
 * The cache is found by the bytes of the files and not by their times: reading and hashing them takes a tenth of a
 * second for ONNX Runtime, and neither a copied checkout nor a package of the same version with other bytes can be
 * mistaken. The archive's own digest is part of its file's name and is checked, so that a damaged file is built anew.
 */
export async function buildLayer({
  label,
  files,
  cacheDirectory,
}: LayerRecipe): Promise<BuiltLayer> {
  await mkdir(cacheDirectory, { recursive: true });
  const prefix = `${label}.${contentKey(files)}.`;
  const unzippedBytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const kept = await keptArchive(cacheDirectory, prefix);
  if (kept !== undefined) return { ...named(label, kept), unzippedBytes, isCached: true };
  const { bytes, sha256, zippedBytes } = await layerArchive(files);
  const zipPath = join(cacheDirectory, `${prefix}${sha256}.zip`);
  await writeWhole(zipPath, bytes);
  await removeOldest(cacheDirectory, label);
  return { ...named(label, { zipPath, sha256, zippedBytes }), unzippedBytes, isCached: false };
}

interface Archive {
  readonly zipPath: string;
  readonly sha256: string;
  readonly zippedBytes: number;
}

function named(label: string, archive: Archive): Archive & { readonly name: string } {
  return { name: `${label}-${archive.sha256.slice(0, DIGEST_CHARS)}`, ...archive };
}

/** Changes with any byte, path or right of the files, and with the archive's format. */
function contentKey(files: readonly LayerFile[]): string {
  const key = createHash("sha256").update(`${ARCHIVE_FORMAT}\n`);
  for (const { path, bytes, isExecutable = false } of files.toSorted(byPath)) {
    const digest = createHash("sha256").update(bytes).digest("hex");
    key.update(`${path}\0${isExecutable}\0${digest}\n`);
  }
  return key.digest("hex").slice(0, DIGEST_CHARS);
}

function byPath(one: LayerFile, other: LayerFile): number {
  return one.path < other.path ? -1 : 1;
}

/** An archive that was kept whole. */
async function keptArchive(directory: string, prefix: string): Promise<Archive | undefined> {
  const names = await readdir(directory);
  for (const name of names.filter((one) => one.startsWith(prefix) && one.endsWith(".zip"))) {
    const zipPath = join(directory, name);
    // Another build may have removed it meanwhile.
    const bytes = await readFile(zipPath).catch(() => undefined);
    if (bytes === undefined) continue;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (name === `${prefix}${sha256}.zip`) return { zipPath, sha256, zippedBytes: bytes.length };
    await rm(zipPath, { force: true });
  }
  return undefined;
}

/** Writes a file so that nobody sees half of it, however many write it. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await writeFile(partial, bytes);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

async function removeOldest(directory: string, label: string): Promise<void> {
  const names = (await readdir(directory)).filter(
    (name) => name.startsWith(`${label}.`) && name.endsWith(".zip"),
  );
  const archives = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      // Another build may have removed it meanwhile.
      const info = await stat(path).catch(() => undefined);
      return { path, mtimeMs: info?.mtimeMs ?? 0 };
    }),
  );
  const oldest = archives.toSorted((a, b) => b.mtimeMs - a.mtimeMs).slice(KEPT_MAX);
  for (const { path } of oldest) await rm(path, { force: true });
}
