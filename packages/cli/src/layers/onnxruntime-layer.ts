import { readdir, readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";

import { invariant } from "@pilotlight/core";

import { CHECKOUT } from "../checkout.ts";
import { buildLayer, type BuiltLayer } from "./built-layer.ts";
import {
  type Architecture,
  type PackageFile,
  readPackage,
  requiredFiles,
} from "./installed-package.ts";
import { checkBudget } from "./layer-budget.ts";
import { librariesBeside } from "./native-library.ts";
import {
  BUDGET_FILE,
  checkFiles,
  noticesOf,
  type OnnxRuntimeRecipe,
  readBudget,
  readRecipe,
} from "./onnxruntime-recipe.ts";

/** The layer from which functions load ONNX Runtime. */
export interface OnnxRuntimeLayer extends BuiltLayer {
  /** Where the native binding lies, relative to /opt, for `process.dlopen`. */
  readonly bindingPath: string;
}

interface OnnxRuntimeLayerOptions {
  readonly architecture: Architecture;
  /** Folder of the installed package onnxruntime-node. */
  readonly from: string;
  /** Where archives are kept between builds. */
  readonly cacheDirectory: string;
  /** @default layers/onnxruntime of this checkout. */
  readonly recipeDirectory?: string;
}

/** Lambda puts it into NODE_PATH, so that `require("onnxruntime-node")` finds the layer. */
const MODULES = "nodejs/node_modules";

/**
 * Builds the layer of ONNX Runtime for one architecture: what `require` reads and the native library, no more.
 *
 * The package is laid out as npm does, below /opt/nodejs/node_modules. The binding looks for the library in the real
 * folder in which it lies itself, so one copy serves `require("onnxruntime-node")` and `process.dlopen` of
 * {@link OnnxRuntimeLayer.bindingPath}.
 *
 * @throws PilotlightError ERR_LAYER_UNBUILDABLE when the package is not what the recipe describes, ERR_LAYER_TOO_LARGE
 *   when the layer is over its budget.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html, read 2026-11-24, for the folders.
 */
export async function onnxruntimeLayer({
  architecture,
  from,
  cacheDirectory,
  recipeDirectory = join(CHECKOUT, "layers", "onnxruntime"),
}: OnnxRuntimeLayerOptions): Promise<OnnxRuntimeLayer> {
  const recipe = await readRecipe(recipeDirectory);
  const budget = await readBudget(recipeDirectory);
  const { files, binding } = await packedFiles(from, recipe, architecture);
  const notices = await noticesOf(recipeDirectory, recipe, `${MODULES}/onnxruntime-node`);
  const contents = files.map(async ({ path, absolutePath }) => {
    return { path: `${MODULES}/${path}`, bytes: await readFile(absolutePath) };
  });
  const layer = await buildLayer({
    label: `onnxruntime-${architecture}`,
    files: [...(await Promise.all(contents)), ...notices],
    cacheDirectory,
  });
  checkBudget(layer, budget[architecture], join(recipeDirectory, BUDGET_FILE));
  return { ...layer, bindingPath: `${MODULES}/${binding.path}` };
}

/** What is taken out of node_modules, after the recipe has agreed. */
async function packedFiles(
  from: string,
  recipe: OnnxRuntimeRecipe,
  architecture: Architecture,
): Promise<{ files: PackageFile[]; binding: PackageFile }> {
  const installed = await readPackage(from);
  const required = await requiredFiles(installed, architecture);
  const bindings = required.filter(({ path }) => path.endsWith(".node"));
  const libraries = await Promise.all(
    bindings.map((binding) => librariesBeside(binding, { ...recipe, architecture })),
  );
  const files = [...required, ...libraries.flat()];
  const unused = await Promise.all(bindings.map((binding) => othersBeside(binding, recipe)));
  const got = new Set([...files.map(({ path }) => path), ...unused.flat()]);
  checkFiles([...got], recipe, { architecture, gotVersion: installed.version });
  const [binding] = bindings;
  invariant(binding !== undefined, "the recipe names a binding");
  return { files, binding };
}

/** Files in a binding's folder that nothing names: a new version may load them by itself. */
async function othersBeside(
  { path, absolutePath }: PackageFile,
  { leftOut }: OnnxRuntimeRecipe,
): Promise<string[]> {
  const names = await readdir(dirname(absolutePath));
  return names
    .filter((name) => !leftOut.includes(name))
    .map((name) => posix.join(posix.dirname(path), name));
}
