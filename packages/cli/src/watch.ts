import { watch } from "node:fs";
import { dirname, sep } from "node:path";

import { FolderWatch } from "./folder-watch.ts";

/** Editors write a file in several steps: a change is acted on when this long nothing more has come. */
const SETTLE_MS = 100;

/** A folder that was taken away and brought back is found after at most this long. */
const LOOK_MS = 1_000;

/** Folders that are watched at most; the first ones of the set count. */
export const FOLDERS_MAX = 256;

/** Watches files for changes until it is closed. */
export interface FileWatch {
  /** Replaces the set of watched files. */
  set(paths: readonly string[]): void;
  close(): void;
}

interface WatchOptions {
  /** Gets absolute paths, once after files of the set have changed. */
  readonly onChange: (paths: readonly string[]) => void;
  /** Gets a line for people when not every file can be watched. */
  readonly onLimit: (line: string) => void;
  /** @default `watch` of node:fs */
  readonly watchFolder?: typeof watch;
}

/**
 * Calls `onChange` after files of the set have changed.
 *
 * It watches their folders, because an editor that replaces a file ends a watch on the file itself.
 */
export function watchFiles(options: WatchOptions): FileWatch {
  return new WatchedFiles(options);
}

class WatchedFiles implements FileWatch {
  readonly #options: WatchOptions;
  readonly #folders = new Map<string, FolderWatch>();
  readonly #changed = new Set<string>();
  readonly #told = new Set<string>();
  readonly #lookTimer: NodeJS.Timeout;
  #files: ReadonlySet<string> = new Set();
  #settleTimer: NodeJS.Timeout | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#lookTimer = setInterval(() => {
      for (const folder of this.#folders.values()) folder.look();
    }, LOOK_MS);
  }

  set(paths: readonly string[]): void {
    this.#files = new Set(paths.filter((path) => !path.includes(`${sep}node_modules${sep}`)));
    const all = [...new Set([...this.#files].map((path) => dirname(path)))];
    const wanted = new Set(all.slice(0, FOLDERS_MAX));
    if (all.length > FOLDERS_MAX) {
      this.#tell(
        `only ${FOLDERS_MAX} folders of ${all.length} are watched: start again after a change elsewhere`,
      );
    }
    for (const [folder, folderWatch] of this.#folders) {
      if (wanted.has(folder)) continue;
      folderWatch.close();
      this.#folders.delete(folder);
    }
    for (const folder of wanted) {
      if (!this.#folders.has(folder)) this.#folders.set(folder, this.#watchFolder(folder));
    }
  }

  close(): void {
    clearTimeout(this.#settleTimer);
    clearInterval(this.#lookTimer);
    for (const folder of this.#folders.values()) folder.close();
    this.#folders.clear();
  }

  #watchFolder(folder: string): FolderWatch {
    const listener = {
      onFile: (name: string) => this.#note(`${folder}${sep}${name}`),
      onReplaced: () => {
        for (const path of this.#files) if (dirname(path) === folder) this.#note(path);
      },
      onRefused: (code: string) =>
        this.#tell(
          `not every folder is watched (the system says ${code}): start again after a change that is not picked up`,
        ),
    };
    return new FolderWatch(folder, { listener, watchFolder: this.#options.watchFolder ?? watch });
  }

  #note(path: string): void {
    if (!this.#files.has(path)) return;
    this.#changed.add(path);
    clearTimeout(this.#settleTimer);
    this.#settleTimer = setTimeout(() => this.#settle(), SETTLE_MS);
  }

  #settle(): void {
    const paths = [...this.#changed];
    this.#changed.clear();
    this.#options.onChange(paths);
  }

  /** Says each thing once, not at every change. */
  #tell(line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.#options.onLimit(line);
  }
}
