import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { PilotlightError } from "@pilotlight/core";
import type { Manifest } from "@pilotlight/core";

import type { LoadedDefinition } from "./definition-file.ts";

/**
 * Refuses a definition whose files are missing, before anything starts.
 *
 * A file that is there but damaged is not refused: its model alone answers with the cause.
 *
 * @throws PilotlightError ERR_DEFINITION_INVALID, one line per missing file.
 */
export async function requireFiles(manifest: Manifest, loaded: LoadedDefinition): Promise<void> {
  const named = manifest.models.flatMap((model) => [
    { field: `models.${model.name}.artifact`, path: model.artifact },
    ...(model.handler === null
      ? []
      : [{ field: `models.${model.name}.handler`, path: model.handler }]),
  ]);
  const missing: string[] = [];
  for (const { field, path } of named) {
    const absolute = resolve(loaded.directory, path);
    if (!(await isFile(absolute))) missing.push(`  ${field}: there is no file ${absolute}`);
  }
  if (missing.length === 0) return;
  throw new PilotlightError(
    "ERR_DEFINITION_INVALID",
    `${loaded.path} names ${missing.length === 1 ? "a file" : "files"} that cannot be found:\n${missing.join("\n")}\n  paths are relative to the definition's folder, or absolute`,
  );
}

/** A sample request beside an artifact, for the copy-paste curl. */
export async function sampleRequest(artifact: string): Promise<string | undefined> {
  const path = join(dirname(artifact), "sample.json");
  return (await isFile(path)) ? path : undefined;
}

async function isFile(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info?.isFile() ?? false;
}
