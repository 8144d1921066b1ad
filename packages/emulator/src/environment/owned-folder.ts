import { readlinkSync } from "node:fs";
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { isAlive, thisProcess } from "./process-identity.ts";

/** What a temporary folder is for. */
export type FolderPurpose = "environment" | "opt" | "work" | "state";

/** `pilotlight-PURPOSE-NAMESPACE.PID.START-RANDOM`. */
const OWNED = /^pilotlight-(?:environment|opt|work|state)-(\d*)\.(\d+)\.(\d*)-\w{6}$/;

/**
 * Makes a temporary folder whose name tells which process it belongs to, so that a later process can remove it where
 * that one was killed.
 *
 * @returns Its absolute path.
 */
export function makeOwnedFolder(purpose: FolderPurpose): Promise<string> {
  const { pid, start } = thisProcess();
  const owner = `${processNamespace()}.${pid}.${start}`;
  return mkdtemp(path.join(tmpdir(), `pilotlight-${purpose}-${owner}-`));
}

/**
 * Removes temporary folders of this user whose processes have ended without removing them.
 *
 * A folder that cannot be removed stays; nothing is thrown.
 */
export async function sweepOwnedFolders(): Promise<void> {
  try {
    const names = await readdir(tmpdir());
    const orphans = names.filter(isOrphan).map((name) => path.join(tmpdir(), name));
    await Promise.all(orphans.map(removeOwn));
  } catch {
    // A folder for temporary files that cannot be listed is for those to tell of who need it.
  }
}

function isOrphan(name: string): boolean {
  const [, namespace, pid, start] = OWNED.exec(name) ?? [];
  if (pid === undefined || start === undefined) return false;
  // Another container may share the folder, and its processes cannot be seen from here.
  if (namespace !== processNamespace()) return false;
  return !isAlive({ pid: Number(pid), start });
}

async function removeOwn(folder: string): Promise<void> {
  try {
    const found = await lstat(folder);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) return;
    await rm(folder, { recursive: true, force: true });
  } catch {
    // Somebody else removes it at the same time, or a function has made it unremovable: the next start tries again.
  }
}

/** The number of the namespace that process numbers are from, pid_namespaces(7); empty where there is none. */
function processNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "";
  } catch {
    // Other systems have none.
    return "";
  }
}
