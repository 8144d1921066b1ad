import { readdir, readFile, realpath } from "node:fs/promises";
import { createRequire, isBuiltin } from "node:module";
import { dirname, join, posix, relative, sep } from "node:path";

import { PilotlightError } from "@pilotlight/core";

/** Instruction sets for which layers are made; Lambda calls the first x86_64. */
export type Architecture = "x64" | "arm64";

/** A file of an installed package. */
export interface PackageFile {
  /** Below node_modules: `onnxruntime-node/dist/index.js`. */
  readonly path: string;
  readonly absolutePath: string;
}

/** A package as it lies on the disk. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
}

/**
 * Reads the package in a folder.
 *
 * @throws PilotlightError ERR_LAYER_UNBUILDABLE when there is none.
 */
export async function readPackage(folder: string): Promise<InstalledPackage> {
  try {
    const directory = await realpath(folder);
    const text = await readFile(join(directory, "package.json"), "utf8");
    const { name, version } = JSON.parse(text) as Partial<InstalledPackage>;
    return { name: String(name), version: String(version), directory };
  } catch (error) {
    throw new PilotlightError(
      "ERR_LAYER_UNBUILDABLE",
      `${folder} is no installed package: its package.json cannot be read; run npm ci, or name the folder of the package`,
      { cause: error },
    );
  }
}

/**
 * The files that `require` of a package reads on Linux, for itself and for what it requires.
 *
 * Calls of `require` with a constant are followed, and with a template of `process.platform` and `process.arch`, as
 * bindings are loaded. A package.json counts wherever Node asks it what kind of module a file is.
 *
 * @throws PilotlightError ERR_LAYER_UNBUILDABLE for a call that cannot be followed or leads nowhere.
 */
export async function requiredFiles(
  start: InstalledPackage,
  architecture: Architecture,
): Promise<PackageFile[]> {
  const found = new Map<string, PackageFile>();
  const waiting = [{ owner: start, file: resolved(start.directory, start.directory) }];
  for (const { owner, file } of waiting) {
    if (found.has(file)) continue;
    for (const absolutePath of [file, ...(await descriptionsOf(owner, file))]) {
      const inside = relative(owner.directory, absolutePath).split(sep).join("/");
      found.set(absolutePath, { path: posix.join(owner.name, inside), absolutePath });
    }
    if (!file.endsWith(".js")) continue;
    for (const request of requestsOf(await readFile(file, "utf8"), { file, architecture })) {
      if (isBuiltin(request)) continue;
      const target = resolved(file, request);
      const targetOwner = request.startsWith(".") ? owner : await packageOf(target, request);
      waiting.push({ owner: targetOwner, file: target });
    }
  }
  return [...found.values()];
}

const REQUIRE_CALL = /\brequire\(([^)]*)\)/g;
const CONSTANT = /^(["'`])([^"'`]+)\1$/;

/** What a file requires. */
function requestsOf(
  code: string,
  { file, architecture }: { file: string; architecture: Architecture },
): string[] {
  return [...code.matchAll(REQUIRE_CALL)].map(([call, argument = ""]) => {
    const [, , text = ""] = CONSTANT.exec(argument.trim()) ?? [];
    const request = text
      .replaceAll("${process.platform}", "linux")
      .replaceAll("${process.arch}", architecture);
    if (request !== "" && !request.includes("${")) return request;
    throw new PilotlightError(
      "ERR_LAYER_UNBUILDABLE",
      `${file} has ${call}, which cannot be followed; a layer is made of packages that require constants, or templates of process.platform and process.arch`,
    );
  });
}

/** Where Node finds what a file requires. */
function resolved(file: string, request: string): string {
  try {
    return createRequire(file).resolve(request);
  } catch (error) {
    throw new PilotlightError(
      "ERR_LAYER_UNBUILDABLE",
      `${file} requires ${request}, which is not installed; run npm ci`,
      { cause: error },
    );
  }
}

/** The package of a name in which a file lies. */
async function packageOf(file: string, name: string): Promise<InstalledPackage> {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (!(await readdir(folder)).includes("package.json")) continue;
    const candidate = await readPackage(folder);
    if (candidate.name === name) return candidate;
  }
  throw new PilotlightError(
    "ERR_LAYER_UNBUILDABLE",
    `${file} lies in no package called ${name}; a layer is made of packages as npm installs them: run npm ci`,
  );
}

/** Every package.json between a file and the root of its package. */
async function descriptionsOf(owner: InstalledPackage, file: string): Promise<string[]> {
  const found: string[] = [];
  for (let folder = dirname(file); folder.startsWith(owner.directory); folder = dirname(folder)) {
    if ((await readdir(folder)).includes("package.json")) found.push(join(folder, "package.json"));
  }
  return found;
}
