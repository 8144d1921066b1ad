import { open, stat } from "node:fs/promises";

import { PilotlightError } from "@pilotlight/core";

const GIT_LFS_PREFIX = "version https://git-lfs";

/** Enough to tell a Git LFS pointer, a web page or an archive from a model. */
const HEAD_BYTES = 64;

/**
 * Reads the size of a model file and refuses what is plainly no model, before ONNX Runtime's less clear words.
 *
 * @param path - Absolute path of an ONNX file.
 * @returns Size of the file, bytes.
 * @throws PilotlightError ERR_MODEL_UNLOADABLE when the file is missing, empty, no regular file, a Git LFS
 *   pointer or text.
 */
export async function inspectArtifact(path: string): Promise<number> {
  const info = await stat(path).catch((cause: unknown) => {
    throw unloadable(
      path,
      "there is no such file, or it cannot be read: name the ONNX file's path",
      cause,
    );
  });
  if (!info.isFile())
    throw unloadable(path, "it is a folder or a device: name the ONNX file itself");
  if (info.size === 0)
    throw unloadable(path, "it is empty (0 bytes): copy or export the model again");
  const head = await readHead(path);
  if (head.startsWith(GIT_LFS_PREFIX)) {
    throw unloadable(
      path,
      "it is a Git LFS pointer, not the model: run `git lfs pull` where it came from",
    );
  }
  if (/^\s*(<|\{|PK\u0003)/.test(head)) {
    throw unloadable(
      path,
      `it begins with ${JSON.stringify(head.slice(0, 12))}: a web page, JSON or an archive, not an ONNX file`,
    );
  }
  return info.size;
}

/**
 * An error that names the model file and the cause.
 *
 * @param path - The artifact.
 * @param cause - What is wrong with it and what to do.
 */
export function unloadable(path: string, cause: string, origin?: unknown): PilotlightError {
  return new PilotlightError(
    "ERR_MODEL_UNLOADABLE",
    `the model ${path} cannot be loaded: ${cause}`,
    origin === undefined ? {} : { cause: origin },
  );
}

async function readHead(path: string): Promise<string> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.toString("latin1", 0, bytesRead);
}
