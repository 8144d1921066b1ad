import { randomUUID } from "node:crypto";
import {
  constants,
  copyFileSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";

import { isAlive, type ProcessIdentity, thisProcess } from "@pilotlight/emulator";

/** Each turn follows what another process has just done; so many in a row mean that something else is wrong. */
const TURNS_MAX = 100;

/**
 * Takes a lock for this process: a file that names its holder, and that is there whole or not at all.
 *
 * The lock of a process that was killed is taken from it, by one process of all that try.
 *
 * @returns Who has it instead; `undefined` when this process has it now.
 * @throws Error of the file system.
 */
export function takeLock(file: string): ProcessIdentity | undefined {
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, JSON.stringify(thisProcess()), { flag: "wx", mode: 0o600 });
  try {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      if (isPut(own, file)) return undefined;
      const found = textOf(file);
      // It has been given up just now.
      if (found === undefined) continue;
      const holder = holderIn(found);
      if (holder !== undefined && isAlive(holder)) return holder;
      const taking = takeFromDead(found, { own, file });
      if (taking === "taken") return undefined;
      if (taking !== "changed") return taking;
    }
    throw new Error(`${file} changes all the time`);
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Puts the own lock in the place of a dead one.
 *
 * Whoever does so has a second lock meanwhile: nobody else then touches a lock with that text, so that it is still the
 * dead one that is replaced, and never the one of a process that was faster.
 */
function takeFromDead(
  dead: string,
  { own, file }: { readonly own: string; readonly file: string },
): "taken" | "changed" | ProcessIdentity {
  const claim = `${file}.claim`;
  if (!isPut(own, claim)) {
    const text = textOf(claim);
    // It has been given up just now.
    if (text === undefined) return "changed";
    const claimant = holderIn(text);
    if (claimant !== undefined && isAlive(claimant)) return claimant;
    // Its process was killed in the moment that it had it.
    rmSync(claim, { force: true });
    return "changed";
  }
  try {
    if (textOf(file) !== dead) return "changed";
    renameSync(own, file);
    return "taken";
  } finally {
    rmSync(claim, { force: true });
  }
}

/** @returns Whether the name was free; the file then has it, whole, at once. */
function isPut(own: string, name: string): boolean {
  try {
    linkSync(own, name);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
  }
  try {
    // A file system without links: the name is still given once, but its file fills a moment later.
    copyFileSync(own, name, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** @returns `undefined` where the text names nobody: its process was killed while it wrote. */
function holderIn(text: string): ProcessIdentity | undefined {
  try {
    const { pid, start } = JSON.parse(text) as Partial<ProcessIdentity>;
    return { pid: Number(pid), start: String(start) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
