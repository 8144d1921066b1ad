import { join, resolve } from "node:path";

import { formatBytes, isPilotlightError, PilotlightError, resolveManifest } from "@pilotlight/core";
import type { ModelSpec } from "@pilotlight/core";
import type { TensorSpec } from "@pilotlight/protocol";
import { loadHandler, openModel } from "@pilotlight/runtime";

import { requireFiles } from "../artifact-files.ts";
import { loadDefinition } from "../definition-file.ts";
import { definitionPath } from "../environment.ts";
import { FunctionBuilder, HANDLER_FILE } from "../function-build.ts";
import { makeWorkDirectory } from "../work-directory.ts";

export const CHECK_HELP = `pilotlight check [definition]

Checks a definition, its handlers and its models: loads each model once and prints its inputs, outputs and size.
Exits with 1 when something is wrong.

  definition               path of an inference.config.ts; also PILOTLIGHT_DEFINITION; default ./inference.config.ts`;

/**
 * Checks a definition and prints what its models take and give.
 *
 * @throws PilotlightError of the definition, or ERR_MODEL_UNLOADABLE, ERR_BUNDLE_FAILED or
 *   ERR_HANDLER_INVALID of the first model that is faulty, with the faults of all.
 */
export async function check(file: string | undefined): Promise<void> {
  const work = await makeWorkDirectory();
  try {
    const loaded = await loadDefinition(definitionPath(file, process.env), work.path);
    const manifest = resolveManifest(loaded.definition, { stage: "local" });
    await requireFiles(manifest, loaded);
    const builder = new FunctionBuilder(work.path);
    const faults: PilotlightError[] = [];
    for (const model of manifest.models) {
      const fault = await checkModel(model, { directory: loaded.directory, builder });
      if (fault !== undefined) faults.push(fault);
    }
    const [first] = faults;
    if (first !== undefined) {
      throw new PilotlightError(
        first.code,
        `${faults.length} of ${count(manifest.models.length)}:\n${faults.map((fault) => fault.message).join("\n")}`,
      );
    }
    print(`${count(manifest.models.length)} ${manifest.models.length === 1 ? "is" : "are"} fine`);
  } finally {
    await work.remove();
  }
}

/** @returns What is wrong, or nothing. */
async function checkModel(
  model: ModelSpec,
  { directory, builder }: { directory: string; builder: FunctionBuilder },
): Promise<PilotlightError | undefined> {
  try {
    if (model.handler !== null) {
      const { codeDirectory } = await builder.infer(model, directory);
      await loadHandler(join(codeDirectory, HANDLER_FILE));
    }
    const opened = await openModel(resolve(directory, model.artifact), model.session);
    print(
      `${model.name}  ${formatBytes(opened.artifactBytes)}  function ${model.function.name}, ${model.function.memoryMb} MB`,
    );
    for (const spec of opened.signature.inputs) print(`  in   ${describe(spec)}`);
    for (const spec of opened.signature.outputs) print(`  out  ${describe(spec)}`);
    await opened.release();
    return undefined;
  } catch (error) {
    if (!isPilotlightError(error)) throw error;
    print(`${model.name}  FAULTY`);
    return new PilotlightError(error.code, `  ${model.name}: ${error.message}`, { cause: error });
  }
}

function count(models: number): string {
  return models === 1 ? "1 model" : `${models} models`;
}

function describe({ name, datatype, shape }: TensorSpec): string {
  return `${name}  ${datatype} [${shape.join(", ")}]`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
