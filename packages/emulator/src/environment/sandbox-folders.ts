import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import type { FunctionVersion } from "./contract.ts";
import type { CommandLine } from "./process-group.ts";

/** The folders of an environment: what it has for /tmp, and what its layers bring for /opt. */
export class SandboxFolders {
  readonly temporaryDirectory: string;
  /** Where the layers are merged; there is none without layers. */
  readonly optDirectory: string | undefined;
  /** Executables of external extensions, in the order of their names. */
  readonly extensionPaths: readonly string[];

  private constructor(parts: {
    temporaryDirectory: string;
    optDirectory: string | undefined;
    extensionPaths: readonly string[];
  }) {
    this.temporaryDirectory = parts.temporaryDirectory;
    this.optDirectory = parts.optDirectory;
    this.extensionPaths = parts.extensionPaths;
  }

  static async make({ layerDirectories = [] }: FunctionVersion): Promise<SandboxFolders> {
    const temporaryDirectory = await mkdtemp(path.join(tmpdir(), "pilotlight-environment-"));
    const optDirectory = layerDirectories.at(-1);
    const extensionPaths = optDirectory === undefined ? [] : await extensionsIn(optDirectory);
    return new SandboxFolders({ temporaryDirectory, optDirectory, extensionPaths });
  }

  /** Puts a command into the environment's own view of the file system. */
  wrap(command: CommandLine): CommandLine {
    return command;
  }

  /** @param onFailure - Told of a folder that stays: it keeps nobody from stopping. */
  async remove(onFailure: (line: string) => void): Promise<void> {
    try {
      await rm(this.temporaryDirectory, { recursive: true, force: true });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      onFailure(`The emulator could not remove the function's /tmp: ${reason}`);
    }
  }
}

async function extensionsIn(optDirectory: string): Promise<string[]> {
  const folder = path.join(optDirectory, "extensions");
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => path.join(folder, name))
      .toSorted();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
