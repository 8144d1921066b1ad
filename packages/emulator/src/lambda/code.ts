import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { LAMBDA_LIMITS } from "@pilotlight/core";
import { unzipSync, type Unzipped } from "fflate";

import { AwsError, invalidParameter } from "./aws-error.ts";
import type { FunctionCode } from "./function-record.ts";

/** Largest ZIP file in a request: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, read 2026-11-24. */
const ZIPPED_BYTES_MAX = 52_428_800;

/** More files than any deployment package has; it bounds what one request can make on the disk. */
const ZIP_FILES_MAX = 50_000;

/** A package may bring programs that its handler runs, and ZIP rights are not read. */
const FILE_MODE = 0o755;

/** What the system says of paths that cannot be: a file as a folder, a name that is too long. */
const PATH_FAULTS: ReadonlySet<unknown> = new Set([
  "EEXIST",
  "EILSEQ",
  "EINVAL",
  "EISDIR",
  "ENAMETOOLONG",
  "ENOTDIR",
]);

/**
 * Unpacks a deployment package into a folder of its own.
 *
 * @param zip - The ZIP file itself.
 * @param directory - Folder of all packages; the new folder is made in it.
 * @param bytesMax - Of the ZIP file.
 * @throws AwsError 400 when the file is no ZIP file, is empty, holds too much, or has a path that cannot be or
 *   leads out of the folder; 413 when the file itself is too large.
 */
export async function unpackCode(
  zip: Uint8Array,
  directory: string,
  bytesMax = ZIPPED_BYTES_MAX,
): Promise<FunctionCode> {
  if (zip.byteLength > bytesMax) {
    throw new AwsError("RequestEntityTooLargeException", {
      statusCode: 413,
      body: { Type: "User", message: `Zipped size must be smaller than ${bytesMax} bytes` },
    });
  }
  const files = readZip(zip);
  const target = join(directory, randomUUID());
  await mkdir(target, { recursive: true });
  try {
    for (const [path, bytes] of Object.entries(files)) await writeEntry(join(target, path), bytes);
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    throw isPathFault(error) ? unreadableZip() : error;
  }
  return {
    directory: target,
    sha256: createHash("sha256").update(zip).digest("base64"),
    sizeBytes: zip.byteLength,
    isOwned: true,
  };
}

/**
 * Takes an existing folder as a function's code, in place.
 *
 * The digest covers the paths, sizes and times of the files instead of their bytes: models can have hundreds
 * of megabytes.
 *
 * @param directory - Absolute path.
 */
export async function codeInPlace(directory: string): Promise<FunctionCode> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  const digest = createHash("sha256");
  let sizeBytes = 0;
  for (const path of paths) {
    const { size, mtimeMs } = await stat(path);
    digest.update(`${path.slice(directory.length)}\0${size}\0${mtimeMs}\n`);
    sizeBytes += size;
  }
  return { directory, sha256: digest.digest("base64"), sizeBytes, isOwned: false };
}

/** Deletes the folder of a package that the emulator unpacked; any other is left alone. */
export async function removeCode(code: FunctionCode): Promise<void> {
  if (code.isOwned) await rm(code.directory, { recursive: true, force: true });
}

function readZip(zip: Uint8Array): Unzipped {
  let unzippedBytes = 0;
  let fileCount = 0;
  let refusal: AwsError | undefined;
  const files = inflate(zip, (name, originalSize) => {
    unzippedBytes += originalSize;
    fileCount += 1;
    refusal ??= entryRefusal({ name, unzippedBytes, fileCount });
    return refusal === undefined;
  });
  if (refusal !== undefined) throw refusal;
  if (fileCount === 0) throw invalidParameter("Uploaded file must be a non-empty zip");
  return files;
}

/** The size in the file's directory is what fflate makes room for, so a file that lies about it does not grow. */
function inflate(zip: Uint8Array, accepts: (name: string, sizeBytes: number) => boolean): Unzipped {
  try {
    return unzipSync(zip, { filter: ({ name, originalSize }) => accepts(name, originalSize) });
  } catch {
    // Whatever is wrong with the file, AWS has one text for it.
    throw unreadableZip();
  }
}

function unreadableZip(): AwsError {
  return invalidParameter(
    "Could not unzip uploaded file. Please check your file, then try to upload again.",
  );
}

function isPathFault(error: unknown): boolean {
  return error instanceof Error && "code" in error && PATH_FAULTS.has(error.code);
}

function entryRefusal({
  name,
  unzippedBytes,
  fileCount,
}: {
  name: string;
  unzippedBytes: number;
  fileCount: number;
}): AwsError | undefined {
  if (unzippedBytes > LAMBDA_LIMITS.unzippedBytesMax) {
    return invalidParameter(
      `Unzipped size must be smaller than ${LAMBDA_LIMITS.unzippedBytesMax} bytes`,
    );
  }
  if (fileCount > ZIP_FILES_MAX) {
    return invalidParameter(`The ZIP file has more than ${ZIP_FILES_MAX} files`);
  }
  if (isInside(name)) return undefined;
  return invalidParameter(
    `The ZIP file has the entry "${name}"; accepted are relative paths with / that stay inside the package`,
  );
}

/** Whether an entry's path stays in the folder, on every system. */
export function isInside(path: string): boolean {
  if (path === "" || path.startsWith("/") || /[\\\0]/.test(path) || /^[a-zA-Z]:/.test(path)) {
    return false;
  }
  return !path.split("/").includes("..");
}

async function writeEntry(path: string, bytes: Uint8Array): Promise<void> {
  if (path.endsWith("/")) {
    await mkdir(path, { recursive: true });
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes, { mode: FILE_MODE });
}
