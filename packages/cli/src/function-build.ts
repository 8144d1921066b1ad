import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
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
const HANDLER_FILE = "handler.mjs";

/** Lambda's Handler setting for every function of ours. */
export const FUNCTION_HANDLER = "index.handler";

/** Builds the functions of a manifest into folders of a work directory; the shared bundles are made once. */
export class FunctionBuilder {
  readonly #workDirectory: string;
  readonly #bundles = new Map<string, Promise<readonly string[]>>();
  #folderCount = 0;

  constructor(workDirectory: string) {
    this.#workDirectory = workDirectory;
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

  async #folder(
    entry: "infer" | "route",
    { settings, handler }: { settings: InferSettings | RouteSettings; handler: string | null },
  ): Promise<BuiltFunction> {
    const shared = await this.#sharedBundle(entry);
    this.#folderCount += 1;
    const codeDirectory = join(this.#workDirectory, `${entry}-${this.#folderCount}`);
    await mkdir(codeDirectory, { recursive: true });
    await copyFile(this.#bundlePath(entry), join(codeDirectory, BUNDLE_FILE));
    const text = JSON.stringify(settings, null, 2);
    await writeFile(join(codeDirectory, SETTINGS_FILE), text);
    const digest = createHash("sha256").update(text);
    if (handler === null) return { codeDirectory, digest: digest.digest("hex"), inputs: shared };
    const outfile = join(codeDirectory, HANDLER_FILE);
    const { inputs } = await bundle({ entry: handler, outfile });
    digest.update(await readFile(outfile));
    return { codeDirectory, digest: digest.digest("hex"), inputs: [...shared, ...inputs] };
  }

  #bundlePath(entry: string): string {
    return join(this.#workDirectory, `${entry}.mjs`);
  }

  async #sharedBundle(entry: string): Promise<readonly string[]> {
    const known = this.#bundles.get(entry);
    if (known !== undefined) return await known;
    const made = bundle({
      entry: join(CHECKOUT, "functions", `${entry}.ts`),
      outfile: this.#bundlePath(entry),
    }).then(({ inputs }) => inputs);
    this.#bundles.set(entry, made);
    return await made;
  }
}
