import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";

import { PilotlightError } from "@pilotlight/core";

import { compareVersions, type ElfFile, highestVersion, readElf } from "./elf-file.ts";
import type { Architecture, PackageFile } from "./installed-package.ts";

/** What a library may ask of the machine it is loaded on. */
export interface NativeLimits {
  readonly architecture: Architecture;
  /** Highest version of glibc's symbols, such as `2.28`. */
  readonly glibcMax: string;
  /** Libraries that the machine has. */
  readonly systemLibraries: readonly string[];
}

/**
 * The libraries that load with a binding and lie beside it.
 *
 * They are found as the dynamic loader finds them: by the names that each file needs, in the folder of the file, which
 * its run path must name as `$ORIGIN`.
 *
 * @throws PilotlightError ERR_LAYER_UNBUILDABLE for a file that Lambda could not load, with the reason.
 */
export async function librariesBeside(
  binding: PackageFile,
  limits: NativeLimits,
): Promise<PackageFile[]> {
  const found = new Map([[binding.path, binding]]);
  for (const file of found.values()) {
    const library = await readLibrary(file);
    for (const name of library.needed) {
      if (limits.systemLibraries.includes(name)) continue;
      const path = posix.join(posix.dirname(file.path), name);
      found.set(path, { path, absolutePath: join(dirname(file.absolutePath), name) });
    }
    const fault = libraryFault(library, limits);
    if (fault !== undefined) {
      throw new PilotlightError("ERR_LAYER_UNBUILDABLE", `${file.absolutePath} ${fault}`);
    }
  }
  found.delete(binding.path);
  return [...found.values()];
}

/** Why Lambda could not load a library; undefined when it can. */
function libraryFault(
  { machine, needed, runpath, versions }: ElfFile,
  { architecture, glibcMax, systemLibraries }: NativeLimits,
): string | undefined {
  if (machine !== architecture) {
    return `is for ${machine} and not for ${architecture}; install the package anew`;
  }
  const glibc = highestVersion(versions, "GLIBC");
  if (glibc !== undefined && compareVersions(glibc, glibcMax) > 0) {
    return `needs glibc ${glibc}; accepted is up to ${glibcMax}: take a version of the package that was built for an older Linux`;
  }
  const own = needed.filter((name) => !systemLibraries.includes(name));
  if (own.length > 0 && !/^\$ORIGIN\/?$/.test(runpath ?? "")) {
    return `needs ${own.join(", ")} and looks for it in ${runpath ?? "no folder of its own"}; accepted is the run path $ORIGIN, the folder of the file`;
  }
  return undefined;
}

async function readLibrary({ absolutePath }: PackageFile): Promise<ElfFile> {
  const bytes = await readFile(absolutePath).catch((error: unknown) => {
    throw new PilotlightError(
      "ERR_LAYER_UNBUILDABLE",
      `${absolutePath} is needed and cannot be read; install the package anew, or add the name to systemLibraries of the recipe where Lambda has that library`,
      { cause: error },
    );
  });
  const library = readElf(bytes);
  if (library !== undefined) return library;
  throw new PilotlightError(
    "ERR_LAYER_UNBUILDABLE",
    `${absolutePath} is no whole 64-bit Linux library (${bytes.length} bytes); install the package anew`,
  );
}
