import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for bundles. */
export interface WorkDirectory {
  readonly path: string;
  /** Removes the folder with all that is in it. */
  remove(): Promise<void>;
}

/** Makes a folder that is gone when the process ends in order. */
export async function makeWorkDirectory(): Promise<WorkDirectory> {
  const path = await mkdtemp(join(tmpdir(), "pilotlight-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
