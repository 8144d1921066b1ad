import { createHash } from "node:crypto";
import { copyFile, link, lstat, mkdir, readdir, readlink, rm, symlink } from "node:fs/promises";
import path from "node:path";

import { makeOwnedFolder } from "./owned-folder.ts";

/** Layers as one folder, for as long as somebody uses it. */
export interface MergedLayers {
  readonly directory: string;
  /** Gives it up; the last user's removes the folder, where it was made for them. */
  release(): Promise<void>;
}

interface Shared {
  readonly directory: Promise<string>;
  userCount: number;
}

/** By what is in the layers: environments with the same layers share one folder. */
const SHARED = new Map<string, Shared>();

/**
 * Puts layers together as AWS does at /opt: in their order, a file of a later one in the place of the same file
 * of an earlier one.
 *
 * A single layer is used where it lies. Files are hard links where the file system allows it.
 *
 * @param directories - Absolute paths, at least one.
 */
export async function mergeLayers(directories: readonly string[]): Promise<MergedLayers> {
  const [only] = directories;
  if (only !== undefined && directories.length === 1) {
    return { directory: only, release: () => Promise.resolve() };
  }
  const key = await signatureOf(directories);
  const shared = SHARED.get(key) ?? { directory: merged(directories), userCount: 0 };
  SHARED.set(key, shared);
  shared.userCount += 1;
  let isHeld = true;
  const release = async () => {
    if (!isHeld) return;
    isHeld = false;
    shared.userCount -= 1;
    if (shared.userCount > 0) return;
    SHARED.delete(key);
    await rm(await shared.directory, { recursive: true, force: true });
  };
  try {
    return { directory: await shared.directory, release };
  } catch (error) {
    SHARED.delete(key);
    throw error;
  }
}

async function merged(directories: readonly string[]): Promise<string> {
  const target = await makeOwnedFolder("opt");
  try {
    for (const directory of directories) await addTree(directory, target);
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    throw error;
  }
  return target;
}

async function addTree(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = path.join(source, entry.name);
    const to = path.join(target, entry.name);
    if (entry.isDirectory()) {
      await removeUnlessDirectory(to);
      await addTree(from, to);
      continue;
    }
    await rm(to, { recursive: true, force: true });
    if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else await linkOrCopy(from, to);
  }
}

async function removeUnlessDirectory(file: string): Promise<void> {
  try {
    if (!(await lstat(file)).isDirectory()) await rm(file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    // Another file system, or one without links.
    await copyFile(from, to);
  }
}

async function signatureOf(directories: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const directory of directories) {
    const entries = await readdir(directory, { recursive: true });
    for (const entry of entries.toSorted()) {
      const { size, mtimeMs, mode } = await lstat(path.join(directory, entry));
      hash.update(`${entry}\0${size}\0${mtimeMs}\0${mode}\n`);
    }
    hash.update(`${directory}\n`);
  }
  return hash.digest("hex");
}
