import * as esbuild from "esbuild";
import type { BuildFailure, Plugin } from "esbuild";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { PilotlightError } from "@pilotlight/core";

import { NODE_MODULES } from "./checkout.ts";

/** What a bundle was made of; paths are absolute. */
export interface Bundle {
  /** Files that were read: a change of one of them makes the bundle stale. */
  readonly inputs: readonly string[];
  /** Files of which something is left in the bundle. */
  readonly contents: readonly string[];
}

/** Code that esbuild turns into ESM may still call `require`, which ESM lacks. */
const REQUIRE_BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles one file and all that it imports into an ES module for Node 24.
 *
 * `@pilotlight/*` always means this checkout and other packages are looked for here too, so that definitions
 * and handlers may lie anywhere.
 *
 * @throws PilotlightError ERR_BUNDLE_FAILED with esbuild's place and text of each fault.
 */
export async function bundle({
  entry,
  outfile,
}: {
  entry: string;
  outfile: string;
}): Promise<Bundle> {
  try {
    const { metafile } = await esbuild.build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node24",
      mainFields: ["module", "main"],
      nodePaths: [NODE_MODULES],
      external: ["onnxruntime-node"],
      banner: { js: REQUIRE_BANNER },
      legalComments: "none",
      metafile: true,
      logLevel: "silent",
      absWorkingDir: "/",
      plugins: [ownPackages],
    });
    const outputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
    const kept = outputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
    return { inputs: Object.keys(metafile.inputs).map(absolute), contents: kept.map(absolute) };
  } catch (error) {
    throw bundleError(entry, error);
  }
}

/** esbuild writes paths relative to its working folder, which is the root here. */
function absolute(path: string): string {
  return resolve("/", path);
}

const ownPackages: Plugin = {
  name: "pilotlight-packages",
  setup(build) {
    build.onResolve({ filter: /^@pilotlight\// }, ({ path, kind }) => {
      if (kind === "entry-point") return undefined;
      // The packages have no side effects: what a function does not use must not end up in its bundle.
      return { path: fileURLToPath(import.meta.resolve(path)), sideEffects: false };
    });
  },
};

/** esbuild's words for an import that leads nowhere. */
const UNRESOLVED = /^Could not resolve "(\.{1,2}\/[^"]+)"/;

/**
 * The files at which a bundle failed, absolute; none when the error is of another kind.
 *
 * A relative import that leads nowhere counts as the file that it asks for.
 */
export function faultyFiles(error: unknown): readonly string[] {
  if (!(error instanceof PilotlightError) || !isBuildFailure(error.cause)) return [];
  return error.cause.errors.flatMap(({ text, location }) => {
    if (location === null) return [];
    const file = absolute(location.file);
    const [, missing] = UNRESOLVED.exec(text) ?? [];
    return missing === undefined ? [file] : [file, resolve(dirname(file), missing)];
  });
}

function bundleError(entry: string, error: unknown): PilotlightError {
  const faults = isBuildFailure(error)
    ? error.errors.map(({ text, location }) =>
        location === null ? text : `/${location.file}:${location.line}:${location.column}: ${text}`,
      )
    : [error instanceof Error ? error.message : String(error)];
  return new PilotlightError(
    "ERR_BUNDLE_FAILED",
    `${entry} cannot be bundled:\n${faults.map((fault) => `  ${fault}`).join("\n")}`,
    { cause: error },
  );
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}
