import { rm } from "node:fs/promises";

import { makeOwnedFolder } from "@pilotlight/emulator";

/** A folder for bundles. */
export interface WorkDirectory {
  readonly path: string;
  /** Removes the folder with all that is in it. */
  remove(): Promise<void>;
}

/** Makes a folder that is gone when the process ends in order; else the next start of an emulator removes it. */
export async function makeWorkDirectory(): Promise<WorkDirectory> {
  const path = await makeOwnedFolder("work");
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
