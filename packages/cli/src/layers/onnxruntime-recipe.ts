import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { PilotlightError } from "@pilotlight/core";

import type { Architecture } from "./installed-package.ts";
import type { LayerFile } from "./layer-archive.ts";
import type { LayerBudget } from "./layer-budget.ts";

/** What the layer of ONNX Runtime is made of, as its folder (layers/onnxruntime) states it. */
export interface OnnxRuntimeRecipe {
  /** Of onnxruntime-node and onnxruntime-common: the notices are of this version. */
  readonly version: string;
  readonly glibcMax: string;
  /** Libraries of Amazon Linux 2023, on which Lambda runs Node 24. */
  readonly systemLibraries: readonly string[];
  /** Files beside the binding that are left out: execution providers for graphics processors. */
  readonly leftOut: readonly string[];
  /** SHA-256 of the licence and of the notices, by file name. */
  readonly notices: Readonly<Record<string, string>>;
  /** Everything that is taken from node_modules, with `{architecture}` for x64 or arm64. */
  readonly files: readonly string[];
}

/** Largest sizes by architecture. */
export type OnnxRuntimeBudget = Readonly<Record<Architecture, LayerBudget>>;

/** Name of the budget's file beside the recipe. */
export const BUDGET_FILE = "budget.json";

/** Reads the recipe. */
export async function readRecipe(directory: string): Promise<OnnxRuntimeRecipe> {
  return JSON.parse(await readFile(join(directory, "recipe.json"), "utf8")) as OnnxRuntimeRecipe;
}

/** Reads the budget. */
export async function readBudget(directory: string): Promise<OnnxRuntimeBudget> {
  return JSON.parse(await readFile(join(directory, BUDGET_FILE), "utf8")) as OnnxRuntimeBudget;
}

/**
 * The licence and the third-party notices as files of the layer.
 *
 * @param folder - Where they are put in the layer.
 * @throws PilotlightError ERR_LAYER_UNBUILDABLE when one has other bytes than its digest says.
 */
export async function noticesOf(
  directory: string,
  { notices }: OnnxRuntimeRecipe,
  folder: string,
): Promise<LayerFile[]> {
  const files = Object.entries(notices).map(async ([name, sha256]) => {
    const bytes = await readFile(join(directory, name));
    const got = createHash("sha256").update(bytes).digest("hex");
    if (got === sha256) return { path: `${folder}/${name}`, bytes };
    throw new PilotlightError(
      "ERR_LAYER_UNBUILDABLE",
      `${join(directory, name)} has SHA-256 ${got}; recipe.json says ${sha256}: take the file of the version that is packed, as README.md beside it says`,
    );
  });
  return await Promise.all(files);
}

/**
 * Holds what a package has against what the recipe says.
 *
 * @param got - Paths below node_modules.
 * @throws PilotlightError ERR_LAYER_UNBUILDABLE with what is new, what is gone, and what to do.
 */
export function checkFiles(
  got: readonly string[],
  { files, version }: OnnxRuntimeRecipe,
  { architecture, gotVersion }: { architecture: Architecture; gotVersion: string },
): void {
  const wanted = files.map((path) => path.replaceAll("{architecture}", architecture));
  const added = got.filter((path) => !wanted.includes(path));
  const gone = wanted.filter((path) => !got.includes(path));
  if (added.length === 0 && gone.length === 0 && gotVersion === version) return;
  const lines = [
    ...added.map((path) => `  new: ${path}`),
    ...gone.map((path) => `  gone: ${path}`),
  ];
  throw new PilotlightError(
    "ERR_LAYER_UNBUILDABLE",
    [
      `onnxruntime-node ${gotVersion} for linux ${architecture} is not what the layer's recipe describes, which is ${version} with ${wanted.length} files${lines.length === 0 ? "" : ":"}`,
      ...lines,
      `  install onnxruntime-node@${version}, or write the new version, its files and its notices into layers/onnxruntime (README.md there says how)`,
    ].join("\n"),
  );
}
