import { rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { defineInference, isPilotlightError, PilotlightError } from "@pilotlight/core";
import type { CheckedDefinition, InferenceDefinition } from "@pilotlight/core";

import { bundle } from "./bundle.ts";

/** A definition as it was read from its file. */
export interface LoadedDefinition {
  readonly definition: CheckedDefinition;
  /** Absolute path of the file. */
  readonly path: string;
  /** What relative paths in the definition are relative to. */
  readonly directory: string;
  /** Files that it was read from: a change of one of them makes it stale. */
  readonly inputs: readonly string[];
}

let loadCount = 0;

/**
 * Bundles, runs and checks a definition file.
 *
 * @param file - Path, relative to the working directory or absolute.
 * @param workDirectory - Folder for the bundle, which is gone when the definition is loaded.
 * @param options - `onInputs` is told of the files as soon as they are known: those of a definition that fails too.
 * @throws PilotlightError ERR_DEFINITION_UNREADABLE when the file is missing, does not run or exports no
 *   definition; ERR_DEFINITION_INVALID and ERR_BUNDLE_FAILED as their names say.
 */
export async function loadDefinition(
  file: string,
  workDirectory: string,
  { onInputs }: { onInputs?: ((paths: readonly string[]) => void) | undefined } = {},
): Promise<LoadedDefinition> {
  const path = resolve(file);
  onInputs?.([path]);
  const info = await stat(path).catch(() => undefined);
  if (info === undefined || !info.isFile()) {
    throw unreadable(path, info === undefined ? "there is no such file" : "it is not a file");
  }
  loadCount += 1;
  const outfile = join(workDirectory, `definition-${loadCount}.mjs`);
  const { inputs } = await bundle({ entry: path, outfile });
  onInputs?.(inputs);
  const exported = await importDefault(path, outfile).finally(() => rm(outfile, { force: true }));
  // A definition that was not passed through defineInference is checked here; one that was passes again.
  return {
    definition: defineInference(exported as InferenceDefinition),
    path,
    directory: dirname(path),
    inputs,
  };
}

async function importDefault(path: string, outfile: string): Promise<unknown> {
  const module = await importModule(path, outfile);
  if (module.default !== undefined) return module.default;
  throw unreadable(path, "it has no default export: write `export default defineInference({ … })`");
}

async function importModule(path: string, outfile: string): Promise<{ default?: unknown }> {
  try {
    return await import(pathToFileURL(outfile).href);
  } catch (error) {
    if (isPilotlightError(error))
      throw new PilotlightError(error.code, `${path}: ${error.message}`, { cause: error });
    throw unreadable(
      path,
      `it throws: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

function unreadable(path: string, fault: string, cause?: unknown): PilotlightError {
  return new PilotlightError(
    "ERR_DEFINITION_UNREADABLE",
    `the definition ${path} cannot be read: ${fault}. Name another with PILOTLIGHT_DEFINITION=path/to/inference.config.ts or as an argument`,
    { cause },
  );
}
