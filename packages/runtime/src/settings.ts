import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { SessionSpec } from "@pilotlight/core";

/** Name of the file beside a function's code that says what it serves. */
export const SETTINGS_FILE = "pilotlight.json";

/** What a model's function reads at its start. */
export interface InferSettings {
  readonly model: string;
  readonly version: string;
  /** Absolute path of the ONNX file, as the function sees it. */
  readonly artifact: string;
  /** File name of the bundled handler beside the code; null where there is none. */
  readonly handler: string | null;
  readonly session: SessionSpec;
}

/**
 * Reads the settings that the build laid beside the code.
 *
 * A file and not environment variables: Lambda allows 4 KB of those, and route needs every model's name.
 *
 * @param directory - The function's code folder, LAMBDA_TASK_ROOT.
 */
export async function readSettings<Settings>(directory: string): Promise<Settings> {
  return JSON.parse(await readFile(join(directory, SETTINGS_FILE), "utf8")) as Settings;
}
