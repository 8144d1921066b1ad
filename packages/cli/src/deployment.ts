import { rm } from "node:fs/promises";
import { resolve } from "node:path";

import { LIVE_ALIAS } from "@pilotlight/core";
import type { FunctionSpec } from "@pilotlight/core";
import type { Emulator, LocalFunction } from "@pilotlight/emulator";

import type { BuiltApplication } from "./application.ts";
import { NODE_MODULES } from "./checkout.ts";
import { FUNCTION_HANDLER } from "./function-build.ts";
import type { BuiltFunction } from "./function-build.ts";

interface Deployed {
  readonly digest: string;
  readonly codeDirectory: string;
}

interface ApplyOptions {
  /**
   * Files that changed since the last call; a function whose artifact is among them is replaced even when its
   * code is the same.
   */
  readonly changedPaths?: readonly string[];
  /** Ends the work between two functions. */
  readonly signal?: AbortSignal;
}

/**
 * Brings an emulator's functions in line with an application: creates, updates, deletes.
 *
 * It owns the functions' code folders. An environment that still runs may have yet to import its handler, so each
 * function keeps the folder that it had before; the one before that is removed.
 */
export class Deployment {
  readonly #emulator: Pick<Emulator, "createFunction" | "updateFunction" | "deleteFunction">;
  readonly #deployed = new Map<string, Deployed>();
  /** The folder that each function had before. */
  readonly #left = new Map<string, string>();
  #modelNames: ReadonlySet<string> = new Set();

  constructor(emulator: Pick<Emulator, "createFunction" | "updateFunction" | "deleteFunction">) {
    this.#emulator = emulator;
  }

  /** Names of the models that are served. */
  get modelNames(): ReadonlySet<string> {
    return this.#modelNames;
  }

  /** @returns Names of the functions that were created or replaced. */
  async apply(
    application: BuiltApplication,
    { changedPaths = [], signal }: ApplyOptions = {},
  ): Promise<readonly string[]> {
    const replaced: string[] = [];
    const stale = functionsOfArtifacts(application, changedPaths);
    await this.#forgetDeleted();
    try {
      for (const { spec, built } of application.functions) {
        signal?.throwIfAborted();
        const isReplaced = await this.#put(spec, { built, isStale: stale.has(spec.name) });
        if (isReplaced) replaced.push(spec.name);
      }
    } finally {
      await this.#removeUnused(application);
    }
    this.#modelNames = new Set(application.manifest.models.map((model) => model.name));
    await this.#deleteAllBut(application.functions.map(({ spec }) => spec.name));
    return replaced;
  }

  /** @returns Whether the function was created or replaced. */
  async #put(
    spec: FunctionSpec,
    { built, isStale }: { built: BuiltFunction; isStale: boolean },
  ): Promise<boolean> {
    const digest = `${built.digest} ${JSON.stringify(spec)}`;
    const known = this.#deployed.get(spec.name);
    if (known?.digest === digest && !isStale) return false;
    await (known === undefined
      ? this.#emulator.createFunction(settingsOf(spec, built))
      : this.#emulator.updateFunction(settingsOf(spec, built)));
    this.#deployed.set(spec.name, { digest, codeDirectory: built.codeDirectory });
    if (known !== undefined) await this.#leave(spec.name, known.codeDirectory);
    return true;
  }

  /** After the others are in place: the route function that ran before may have asked for them until then. */
  async #deleteAllBut(wanted: readonly string[]): Promise<void> {
    for (const [name, { codeDirectory }] of this.#deployed) {
      if (wanted.includes(name)) continue;
      await this.#emulator.deleteFunction(name);
      this.#deployed.delete(name);
      await this.#leave(name, codeDirectory);
    }
  }

  async #leave(name: string, codeDirectory: string): Promise<void> {
    const before = this.#left.get(name);
    this.#left.set(name, codeDirectory);
    if (before !== undefined) await removeFolder(before);
  }

  /** Functions that an earlier call deleted need no folder any more. */
  async #forgetDeleted(): Promise<void> {
    for (const [name, folder] of this.#left) {
      if (this.#deployed.has(name)) continue;
      this.#left.delete(name);
      await removeFolder(folder);
    }
  }

  /** What was built for a function that stays as it is, or that was not reached, is not needed. */
  async #removeUnused({ functions }: BuiltApplication): Promise<void> {
    for (const { spec, built } of functions) {
      if (this.#deployed.get(spec.name)?.codeDirectory === built.codeDirectory) continue;
      await removeFolder(built.codeDirectory);
    }
  }
}

async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
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
