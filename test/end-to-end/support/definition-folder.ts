import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { ModelEntry } from "./repository.ts";

/** A folder of its own, far from the repository, in which a definition lies. */
export interface DefinitionFolder {
  readonly directory: string;
  /** Path of the folder's inference.config.ts. */
  readonly path: string;
  /** Writes a file of the folder; a path with folders makes them. */
  write(file: string, text: string | Uint8Array): Promise<string>;
  /** Writes the definition anew. */
  define(models: Readonly<Record<string, ModelEntry>>): Promise<void>;
  remove(): Promise<void>;
}

/** Makes a folder with a definition of these models. */
export async function makeDefinitionFolder(
  models: Readonly<Record<string, ModelEntry>>,
): Promise<DefinitionFolder> {
  const directory = await mkdtemp(join(tmpdir(), "definition-"));
  const path = join(directory, "inference.config.ts");
  const write = async (file: string, text: string | Uint8Array): Promise<string> => {
    const target = join(directory, file);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    return target;
  };
  const define = async (entries: Readonly<Record<string, ModelEntry>>): Promise<void> => {
    await write("inference.config.ts", definitionText(entries));
  };
  await define(models);
  return {
    directory,
    path,
    write,
    define,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function definitionText(models: Readonly<Record<string, ModelEntry>>): string {
  return `import { defineInference } from "@pilotlight/core";

export default defineInference({ models: ${JSON.stringify(models, null, 2)} });
`;
}
