import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { Manifest, ModelSpec } from "@pilotlight/core";
import type { RouteSettings } from "@pilotlight/router";
import { SETTINGS_FILE } from "@pilotlight/runtime/settings";
import type { InferSettings } from "@pilotlight/runtime/settings";

import { bundle } from "./bundle.ts";
import { CHECKOUT } from "./checkout.ts";

/** The code folder of one function, ready to run. */
export interface BuiltFunction {
  readonly codeDirectory: string;
  /** Changes when the code or the settings do; the artifact's bytes are not part of it. */
  readonly digest: string;
  /** Files that the folder was made from. */
  readonly inputs: readonly string[];
}

const BUNDLE_FILE = "index.mjs";

/** Name of the bundled handler beside a model's code. */
export const HANDLER_FILE = "handler.mjs";

/** Lambda's Handler setting for every function of ours. */
export const FUNCTION_HANDLER = "index.handler";

/** The code that all functions of one kind share. */
interface SharedBundle {
  readonly bytes: Uint8Array;
  readonly inputs: readonly string[];
}

/** Builds the functions of a manifest into folders of a work directory; the shared bundles are made once. */
export class FunctionBuilder {
  readonly #workDirectory: string;
  readonly #checkout: string;
  readonly #bundles = new Map<string, Promise<SharedBundle>>();
  readonly #folders: string[] = [];

  /** @param options - `checkout`: where functions/ lies. */
  constructor(workDirectory: string, { checkout = CHECKOUT }: { checkout?: string } = {}) {
    this.#workDirectory = workDirectory;
    this.#checkout = checkout;
  }

  /** Builds the route function. */
  async route(
    manifest: Manifest,
    { serverVersion }: { serverVersion: string },
  ): Promise<BuiltFunction> {
    const settings: RouteSettings = {
      serverName: manifest.name,
      serverVersion,
      models: manifest.models.map((model) => ({
        name: model.name,
        version: model.version,
        functionName: model.function.name,
        latencyBudgetMs: model.latencyBudgetMs,
      })),
    };
    return await this.#folder("route", { settings, handler: null });
  }

  /**
   * Builds the function of a model.
   *
   * @param directory - What the definition's paths are relative to.
   * @throws PilotlightError ERR_BUNDLE_FAILED when the model's handler cannot be bundled.
   */
  async infer(model: ModelSpec, directory: string): Promise<BuiltFunction> {
    const settings: InferSettings = {
      model: model.name,
      version: model.version,
      artifact: resolve(directory, model.artifact),
      handler: model.handler === null ? null : HANDLER_FILE,
      session: model.session,
    };
    const handler = model.handler === null ? null : resolve(directory, model.handler);
    return await this.#folder("infer", { settings, handler });
  }

  /** Removes every folder that was built, when nothing is to run from them. */
  async discard(): Promise<void> {
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }

  async #folder(
    entry: "infer" | "route",
    { settings, handler }: { settings: InferSettings | RouteSettings; handler: string | null },
  ): Promise<BuiltFunction> {
    const shared = await this.#sharedBundle(entry);
    const codeDirectory = await mkdtemp(join(this.#workDirectory, `${entry}-`));
    this.#folders.push(codeDirectory);
    await writeFile(join(codeDirectory, BUNDLE_FILE), shared.bytes);
    const text = JSON.stringify(settings, null, 2);
    await writeFile(join(codeDirectory, SETTINGS_FILE), text);
    const digest = createHash("sha256").update(shared.bytes).update(text);
    if (handler === null) {
      return { codeDirectory, digest: digest.digest("hex"), inputs: shared.inputs };
    }
    const outfile = join(codeDirectory, HANDLER_FILE);
    const { inputs } = await bundle({ entry: handler, outfile });
    digest.update(await readFile(outfile));
    return { codeDirectory, digest: digest.digest("hex"), inputs: [...shared.inputs, ...inputs] };
  }

  async #sharedBundle(entry: string): Promise<SharedBundle> {
    const known = this.#bundles.get(entry) ?? this.#bundleShared(entry);
    this.#bundles.set(entry, known);
    return await known;
  }

  async #bundleShared(entry: string): Promise<SharedBundle> {
    const folder = await mkdtemp(join(this.#workDirectory, "shared-"));
    try {
      const outfile = join(folder, BUNDLE_FILE);
      const file = join(this.#checkout, "functions", `${entry}.ts`);
      const { inputs } = await bundle({ entry: file, outfile });
      return { bytes: await readFile(outfile), inputs };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
