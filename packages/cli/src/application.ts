import { resolve } from "node:path";

import { resolveManifest } from "@pilotlight/core";
import type { FunctionSpec, Manifest } from "@pilotlight/core";

import { requireFiles } from "./artifact-files.ts";
import { faultyFiles } from "./bundle.ts";
import { loadDefinition } from "./definition-file.ts";
import type { LoadedDefinition } from "./definition-file.ts";
import { FunctionBuilder } from "./function-build.ts";
import type { BuiltFunction } from "./function-build.ts";
import { SERVER_VERSION } from "./version.ts";

/** Name of the stage that runs on a laptop. */
const LOCAL_STAGE = "local";

/** Handlers that are bundled at a time: more would only delay a stop. */
const BUILDS_AT_A_TIME = 8;

/** A function, built. */
interface ApplicationFunction {
  readonly spec: FunctionSpec;
  readonly built: BuiltFunction;
}

/** A definition whose functions are built and ready to be created. */
export interface BuiltApplication {
  readonly manifest: Manifest;
  readonly loaded: LoadedDefinition;
  /** Models first: route may ask whatever it knows of as soon as it runs. */
  readonly functions: readonly ApplicationFunction[];
  /** Files whose change makes the application stale: definition, handlers, our own source, artifacts. */
  readonly inputs: readonly string[];
}

export interface BuildOptions {
  readonly workDirectory: string;
  /** Ends the build between two of its stages, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of the application's files as soon as they are known: those of a build that fails too. */
  readonly onInputs?: ((paths: readonly string[]) => void) | undefined;
}

/**
 * Loads a definition and builds all its functions.
 *
 * @throws PilotlightError of the definition, its files or their bundles.
 */
export async function buildApplication(
  file: string,
  options: BuildOptions,
): Promise<BuiltApplication> {
  const { workDirectory, signal, onInputs } = options;
  const builder = new FunctionBuilder(workDirectory);
  try {
    const loaded = await loadDefinition(file, workDirectory, { onInputs });
    signal?.throwIfAborted();
    const manifest = resolveManifest(loaded.definition, { stage: LOCAL_STAGE });
    const named = namedFiles(manifest, loaded.directory);
    onInputs?.(named);
    await requireFiles(manifest, loaded);
    const functions = await buildFunctions(manifest, { builder, loaded, signal });
    const sources = functions.flatMap(({ built }) => built.inputs);
    const inputs = [...new Set([...loaded.inputs, ...sources, ...named])];
    return { manifest, loaded, functions, inputs };
  } catch (error) {
    onInputs?.(faultyFiles(error));
    await builder.discard();
    throw error;
  }
}

/** Artifacts and handlers. */
function namedFiles(manifest: Manifest, directory: string): readonly string[] {
  const files = manifest.models.flatMap(({ artifact, handler }) =>
    handler === null ? [artifact] : [artifact, handler],
  );
  return files.map((path) => resolve(directory, path));
}

async function buildFunctions(
  manifest: Manifest,
  {
    builder,
    loaded,
    signal,
  }: { builder: FunctionBuilder; loaded: LoadedDefinition; signal: AbortSignal | undefined },
): Promise<readonly ApplicationFunction[]> {
  const built = new Map<FunctionSpec, BuiltFunction>();
  const queue = manifest.models.values();
  let isFailed = false;
  const work = async () => {
    for (const model of queue) {
      signal?.throwIfAborted();
      if (isFailed) return;
      built.set(model.function, await builder.infer(model, loaded.directory));
    }
  };
  const workers = Array.from({ length: BUILDS_AT_A_TIME }, () =>
    work().catch((error: unknown) => {
      isFailed = true;
      throw error;
    }),
  );
  // All of them end before a failure is told: the folders that they write are removed then.
  const failure = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
  signal?.throwIfAborted();
  built.set(manifest.route, await builder.route(manifest, { serverVersion: SERVER_VERSION }));
  signal?.throwIfAborted();
  // In the manifest's order, whichever was built first.
  return [...manifest.models.map((model) => model.function), manifest.route].flatMap((spec) => {
    const found = built.get(spec);
    return found === undefined ? [] : [{ spec, built: found }];
  });
}
