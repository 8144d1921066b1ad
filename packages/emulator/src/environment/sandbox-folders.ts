import { readdir, rm } from "node:fs/promises";
import path from "node:path";

import type { FunctionVersion } from "./contract.ts";
import { type MergedLayers, mergeLayers } from "./layer-merge.ts";
import { inMountNamespace, isWithin, type Mount, mountSupport } from "./mount-namespace.ts";
import { makeOwnedFolder } from "./owned-folder.ts";
import type { CommandLine } from "./process-group.ts";

/**
 * Where a function sees its own /opt and /tmp: in folders that its variables name, or at those very paths, by
 * mounts of its own where the host allows it.
 */
export type Isolation = "folders" | "mounts";

interface FoldersOptions {
  readonly version: FunctionVersion;
  /** @default "folders" */
  readonly isolation?: Isolation;
}

interface Namespace {
  readonly options: readonly string[];
  readonly mounts: readonly Mount[];
}

/** The folders of an environment: what it has for /tmp, and what its layers bring for /opt. */
export class SandboxFolders {
  /** What the function knows as its /tmp. */
  readonly temporaryDirectory: string;
  /** What the function knows as its /opt; `undefined` without layers. */
  readonly optDirectory: string | undefined;
  /** Executables of external extensions, in the order of their names. */
  readonly extensionPaths: readonly string[];
  readonly #ownDirectory: string;
  readonly #layers: MergedLayers | undefined;
  readonly #namespace: Namespace | undefined;
  readonly #onTrouble: (line: string) => void;

  private constructor(parts: {
    ownDirectory: string;
    layers: MergedLayers | undefined;
    extensionNames: readonly string[];
    namespace: Namespace | undefined;
    onTrouble: (line: string) => void;
  }) {
    const { ownDirectory, layers, extensionNames, namespace } = parts;
    const seen = (target: string, source: string | undefined) =>
      namespace?.mounts.some((mount) => mount.target === target) ? target : source;
    this.temporaryDirectory = seen("/tmp", ownDirectory) ?? ownDirectory;
    const optDirectory = layers === undefined ? undefined : seen("/opt", layers.directory);
    this.optDirectory = optDirectory;
    this.extensionPaths = extensionNames.map((name) =>
      path.join(optDirectory ?? "/opt", "extensions", name),
    );
    this.#ownDirectory = ownDirectory;
    this.#layers = layers;
    this.#namespace = namespace;
    this.#onTrouble = parts.onTrouble;
  }

  /** @param onTrouble - Told in one sentence of what the host does not allow, or of a folder that stays. */
  static async make(
    { version, isolation = "folders" }: FoldersOptions,
    onTrouble: (line: string) => void,
  ): Promise<SandboxFolders> {
    const { layerDirectories = [] } = version;
    const layers = layerDirectories.length === 0 ? undefined : await mergeLayers(layerDirectories);
    let ownDirectory: string | undefined;
    try {
      const extensionNames = layers === undefined ? [] : await extensionsIn(layers.directory);
      ownDirectory = await makeOwnedFolder("environment");
      const namespace =
        isolation === "folders"
          ? undefined
          : await namespaceOf({ version, ownDirectory, layers, onTrouble });
      return new SandboxFolders({ ownDirectory, layers, extensionNames, namespace, onTrouble });
    } catch (error) {
      await removeAll({ ownDirectory, layers, onTrouble });
      throw error;
    }
  }

  /** Puts a command into the environment's own view of the file system. */
  wrap(command: CommandLine): CommandLine {
    return this.#namespace === undefined ? command : inMountNamespace(command, this.#namespace);
  }

  /** A folder that stays is told of, and keeps nobody from stopping. */
  async remove(): Promise<void> {
    await removeAll({
      ownDirectory: this.#ownDirectory,
      layers: this.#layers,
      onTrouble: this.#onTrouble,
    });
  }
}

/** Removes each of the folders, whatever becomes of the others. */
async function removeAll({
  ownDirectory,
  layers,
  onTrouble,
}: {
  ownDirectory: string | undefined;
  layers: MergedLayers | undefined;
  onTrouble: (line: string) => void;
}): Promise<void> {
  const told = (what: string) => (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    onTrouble(`The emulator could not remove the function's ${what}: ${reason}`);
  };
  if (ownDirectory !== undefined) {
    await rm(ownDirectory, { recursive: true, force: true }).catch(told("/tmp"));
  }
  await layers?.release().catch(told("/opt"));
}

async function namespaceOf({
  version,
  ownDirectory,
  layers,
  onTrouble,
}: {
  version: FunctionVersion;
  ownDirectory: string;
  layers: MergedLayers | undefined;
  onTrouble: (line: string) => void;
}): Promise<Namespace | undefined> {
  const support = await mountSupport();
  if (support.kind === "unsupported") {
    onTrouble(
      `/opt and /tmp cannot be mounted on this host, and are folders that the variables name: ${support.reason}`,
    );
    return undefined;
  }
  const mounts = [
    ...(layers === undefined ? [] : [{ source: layers.directory, target: "/opt" }]),
    { source: ownDirectory, target: "/tmp" },
  ];
  // What the runtime itself needs must stay where it is.
  const needed = [version.codeDirectory, process.execPath, import.meta.dirname];
  const isHiding = ({ target }: Mount) => needed.some((file) => isWithin(target, file));
  for (const { target } of mounts.filter(isHiding)) {
    onTrouble(
      `${target} is not mounted, since the function's code or Node itself lies in it; the variables name a folder instead.`,
    );
  }
  return { options: support.options, mounts: mounts.filter((mount) => !isHiding(mount)) };
}

async function extensionsIn(optDirectory: string): Promise<string[]> {
  try {
    const folder = path.join(optDirectory, "extensions");
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    return files.map(({ name }) => name).toSorted();
  } catch (error) {
    // A layer may have no such folder, or a file of that name.
    const isMissing = error instanceof Error && "code" in error;
    if (isMissing && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
    throw error;
  }
}
