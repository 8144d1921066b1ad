import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { LIVE_ALIAS, resolveManifest } from "@pilotlight/core";
import type { FunctionSpec, Manifest } from "@pilotlight/core";
import type { Emulator, LocalFunction } from "@pilotlight/emulator";

import { requireFiles } from "./artifact-files.ts";
import { NODE_MODULES } from "./checkout.ts";
import { loadDefinition } from "./definition-file.ts";
import type { LoadedDefinition } from "./definition-file.ts";
import { FUNCTION_HANDLER, FunctionBuilder } from "./function-build.ts";
import type { BuiltFunction } from "./function-build.ts";

/** Name of the stage that runs on a laptop. */
const LOCAL_STAGE = "local";

/** A definition whose functions are built and ready to be created. */
export interface BuiltApplication {
  readonly manifest: Manifest;
  readonly loaded: LoadedDefinition;
  /** Models first: route may ask whatever it knows of as soon as it runs. */
  readonly functions: readonly { readonly spec: FunctionSpec; readonly built: BuiltFunction }[];
  /** Files whose change makes the application stale: definition, handlers, our own source, artifacts. */
  readonly inputs: readonly string[];
}

/** Makes a folder for bundles that is gone when the process ends in order. */
export async function makeWorkDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "pilotlight-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Loads a definition and builds all its functions.
 *
 * @throws PilotlightError of the definition, its files or their bundles.
 */
export async function buildApplication(
  file: string,
  { workDirectory, serverVersion }: { workDirectory: string; serverVersion: string },
): Promise<BuiltApplication> {
  const loaded = await loadDefinition(file, workDirectory);
  const manifest = resolveManifest(loaded.definition, { stage: LOCAL_STAGE });
  await requireFiles(manifest, loaded);
  const builder = new FunctionBuilder(await mkdtemp(join(workDirectory, "functions-")));
  const route = { spec: manifest.route, built: await builder.route(manifest, { serverVersion }) };
  const models = await Promise.all(
    manifest.models.map(async (model) => ({
      spec: model.function,
      built: await builder.infer(model, loaded.directory),
    })),
  );
  const functions = [...models, route];
  const artifacts = manifest.models.map((model) => resolve(loaded.directory, model.artifact));
  const sources = functions.flatMap(({ built }) => built.inputs);
  return {
    manifest,
    loaded,
    functions,
    inputs: [...new Set([...loaded.inputs, ...sources, ...artifacts])],
  };
}

/** Brings an emulator's functions in line with an application: creates, updates, deletes. */
export class Deployment {
  readonly #emulator: Emulator;
  readonly #digests = new Map<string, string>();
  #modelNames: ReadonlySet<string> = new Set();

  constructor(emulator: Emulator) {
    this.#emulator = emulator;
  }

  /** Names of the models that are served. */
  get modelNames(): ReadonlySet<string> {
    return this.#modelNames;
  }

  /**
   * @param changedPaths - Files that changed since the last call; a function whose artifact is among them is
   *   replaced even when its code is the same.
   * @returns Names of the functions that were created or replaced.
   */
  async apply(
    application: BuiltApplication,
    changedPaths: readonly string[] = [],
  ): Promise<readonly string[]> {
    const replaced: string[] = [];
    const stale = functionsOfArtifacts(application, changedPaths);
    for (const { spec, built } of application.functions) {
      const digest = `${built.digest} ${JSON.stringify(spec)}`;
      const known = this.#digests.get(spec.name);
      if (known === digest && !stale.has(spec.name)) continue;
      await (known === undefined
        ? this.#emulator.createFunction(settingsOf(spec, built))
        : this.#emulator.updateFunction(settingsOf(spec, built)));
      this.#digests.set(spec.name, digest);
      replaced.push(spec.name);
    }
    this.#modelNames = new Set(application.manifest.models.map((model) => model.name));
    await this.#deleteAllBut(application.functions.map(({ spec }) => spec.name));
    return replaced;
  }

  /** After the others are in place: the route function that ran before may have asked for them until then. */
  async #deleteAllBut(wanted: readonly string[]): Promise<void> {
    for (const name of this.#digests.keys()) {
      if (wanted.includes(name)) continue;
      await this.#emulator.deleteFunction(name);
      this.#digests.delete(name);
    }
  }
}

function functionsOfArtifacts(
  { manifest, loaded }: BuiltApplication,
  changedPaths: readonly string[],
): ReadonlySet<string> {
  const changed = new Set(changedPaths);
  const stale = manifest.models.filter((model) =>
    changed.has(resolve(loaded.directory, model.artifact)),
  );
  return new Set(stale.map((model) => model.function.name));
}

function settingsOf(spec: FunctionSpec, built: BuiltFunction): LocalFunction {
  return {
    functionName: spec.name,
    handler: FUNCTION_HANDLER,
    codeDirectory: built.codeDirectory,
    memoryMb: spec.memoryMb,
    timeoutSec: spec.timeoutSec,
    architecture: spec.architecture,
    variables: spec.environment,
    nodePath: [NODE_MODULES],
    alias: LIVE_ALIAS,
  };
}
