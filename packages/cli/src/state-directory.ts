import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { makeOwnedFolder } from "@pilotlight/emulator";

import { takeLock } from "./lock-file.ts";

/** The folder that queues, objects and events are kept in from one start to the next. */
export interface StateDirectory {
  readonly path: string;
  /** Why it is not the wanted one, in a sentence. */
  readonly note: string | undefined;
  /** Lets the next start have it. */
  release(): Promise<void>;
}

const LOCK_FILE = "lock";

/**
 * Takes the folder for this process, making it where it does not exist.
 *
 * Two processes must not write to the same queues: where another one that lives has the folder, or where it cannot be
 * written to, the answer is a temporary folder, which is removed at the end.
 */
export async function takeStateDirectory(wanted: string): Promise<StateDirectory> {
  const refusal = lock(wanted);
  if (refusal === undefined) {
    return {
      path: wanted,
      note: undefined,
      release: () => rm(join(wanted, LOCK_FILE), { force: true }),
    };
  }
  const path = await makeOwnedFolder("state");
  return {
    path,
    note: `${refusal}; what is put into queues and buckets now is forgotten at the end`,
    release: () => rm(path, { recursive: true, force: true }),
  };
}

/** @returns Why the folder cannot be had. */
function lock(directory: string): string | undefined {
  try {
    mkdirSync(directory, { recursive: true });
    const holder = takeLock(join(directory, LOCK_FILE));
    return holder === undefined ? undefined : `process ${holder.pid} uses ${directory}`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `${directory} cannot be used: ${reason}`;
  }
}
