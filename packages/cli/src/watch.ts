import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { dirname, sep } from "node:path";

/** Editors write a file in several steps: a change is acted on when this long nothing more has come. */
const SETTLE_MS = 100;

const FOLDERS_MAX = 256;

/** Watches files for changes until it is closed. */
export interface FileWatch {
  /** Replaces the set of watched files. */
  set(paths: readonly string[]): void;
  close(): void;
}

/**
 * Calls `onChange` once after files of the set have changed, with their absolute paths.
 *
 * It watches their folders, because an editor that replaces a file ends a watch on the file itself.
 */
export function watchFiles(onChange: (paths: readonly string[]) => void): FileWatch {
  let files = new Set<string>();
  const watchers = new Map<string, FSWatcher>();
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const settle = () => {
    const paths = [...changed];
    changed.clear();
    onChange(paths);
  };
  const note = (path: string) => {
    if (!files.has(path)) return;
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(settle, SETTLE_MS);
  };
  const watchFolder = (folder: string) => {
    const watcher = watch(folder, (_event, name) => note(`${folder}${sep}${name}`));
    // A folder that is removed ends its watch; the next reload says what is missing.
    watcher.on("error", () => watcher.close());
    watchers.set(folder, watcher);
  };
  return {
    set(paths) {
      files = new Set(paths.filter((path) => !path.includes(`${sep}node_modules${sep}`)));
      const folders = new Set([...files].map((path) => dirname(path)).slice(0, FOLDERS_MAX));
      for (const [folder, watcher] of watchers) {
        if (folders.has(folder)) continue;
        watcher.close();
        watchers.delete(folder);
      }
      for (const folder of folders) if (!watchers.has(folder)) watchFolder(folder);
    },
    close() {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}
