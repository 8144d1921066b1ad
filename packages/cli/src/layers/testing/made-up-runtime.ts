import { createHash } from "node:crypto";
import { join } from "node:path";

import { elfBytes } from "./elf-bytes.ts";
import { scratchFolder, writeFiles } from "./scratch-folder.ts";

/** A package with a binding, a package that it requires, and a recipe that describes both. */
export interface MadeUpRuntime {
  /** Folder of the package. */
  readonly from: string;
  readonly nodeModules: string;
  readonly recipeDirectory: string;
  readonly cacheDirectory: string;
}

const LICENCE = "Do as you like.\n";
const BINDING = "onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node";
const LIBRARY = "onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1";

/** The paths that the recipe names. */
const FILES = [
  "onnxruntime-common/dist/cjs/index.js",
  "onnxruntime-common/dist/cjs/package.json",
  "onnxruntime-common/package.json",
  "onnxruntime-node/bin/napi-v6/linux/{architecture}/libonnxruntime.so.1",
  "onnxruntime-node/bin/napi-v6/linux/{architecture}/onnxruntime_binding.node",
  "onnxruntime-node/dist/binding.js",
  "onnxruntime-node/dist/index.js",
  "onnxruntime-node/package.json",
];

const PACKAGE_FILES: Readonly<Record<string, string | Uint8Array>> = {
  "onnxruntime-node/package.json": JSON.stringify({
    name: "onnxruntime-node",
    version: "1.0.0",
    main: "dist/index.js",
  }),
  "onnxruntime-node/dist/index.js":
    'const os = require("os"); exports.a = require("./binding"); require("onnxruntime-common");',
  "onnxruntime-node/dist/index.js.map": "{}",
  "onnxruntime-node/dist/index.d.ts": "export {};",
  "onnxruntime-node/dist/binding.js":
    "exports.binding = require(`../bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`);",
  "onnxruntime-node/script/install.js": 'require("adm-zip");',
  [BINDING]: elfBytes({ needed: ["libonnxruntime.so.1", "libc.so.6"], runpath: "$ORIGIN/" }),
  [LIBRARY]: elfBytes({ needed: ["libc.so.6"], versions: { "libc.so.6": ["GLIBC_2.28"] } }),
  "onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so": "left out",
  "onnxruntime-node/bin/napi-v6/darwin/arm64/onnxruntime_binding.node": "another system",
  "onnxruntime-common/package.json": JSON.stringify({
    name: "onnxruntime-common",
    version: "1.0.0",
    type: "module",
    exports: { require: "./dist/cjs/index.js", import: "./dist/esm/index.js" },
  }),
  "onnxruntime-common/dist/cjs/package.json": '{"type":"commonjs"}',
  "onnxruntime-common/dist/cjs/index.js": "exports.b = 1;",
  "onnxruntime-common/dist/esm/index.js": "export const b = 1;",
};

/** Makes one, with files of it replaced or added; a path begins with the package's name. */
export function madeUpRuntime(
  changes: Readonly<Record<string, string | Uint8Array>> = {},
  { zippedBytesMax = 100_000 }: { zippedBytesMax?: number } = {},
): MadeUpRuntime {
  const root = scratchFolder();
  const nodeModules = join(root, "node_modules");
  writeFiles(nodeModules, { ...PACKAGE_FILES, ...changes });
  const budget = { zippedBytesMax, unzippedBytesMax: 100_000 };
  writeFiles(join(root, "recipe"), {
    "budget.json": JSON.stringify({ x64: budget, arm64: budget }),
    LICENSE: LICENCE,
    "recipe.json": JSON.stringify({
      version: "1.0.0",
      glibcMax: "2.28",
      systemLibraries: ["libc.so.6"],
      leftOut: ["libonnxruntime_providers_cuda.so"],
      notices: { LICENSE: createHash("sha256").update(LICENCE).digest("hex") },
      files: FILES,
    }),
  });
  return {
    from: join(nodeModules, "onnxruntime-node"),
    nodeModules,
    recipeDirectory: join(root, "recipe"),
    cacheDirectory: join(root, "cache"),
  };
}
