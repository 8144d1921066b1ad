import { statSync } from "node:fs";
import type { FSWatcher, watch } from "node:fs";
import { basename } from "node:path";

/** What a folder tells of itself. */
export interface FolderListener {
  /** A file of the folder may have changed. */
  readonly onFile: (name: string) => void;
  /** Another folder, or the same one after an absence, stands at the path: any of its files may have changed. */
  readonly onReplaced: () => void;
  /** The system watches no more folders. */
  readonly onRefused: (code: string) => void;
}

/**
 * A watch on whatever folder stands at a path.
 *
 * inotify follows the folder itself and not its path: after `mv` and `cp`, or a `git checkout` that takes a folder
 * away and brings it back, the first watch is silent for good. So {@link look} compares what stands there now.
 */
export class FolderWatch {
  readonly #folder: string;
  readonly #listener: FolderListener;
  readonly #watch: typeof watch;
  #watcher: FSWatcher | undefined;
  #identity: string | undefined;
  #isRefused = false;

  constructor(
    folder: string,
    { listener, watchFolder }: { listener: FolderListener; watchFolder: typeof watch },
  ) {
    this.#folder = folder;
    this.#listener = listener;
    this.#watch = watchFolder;
    this.#identity = identityOf(folder);
    this.#open();
  }

  /** Watches anew when another folder stands at the path. */
  look(): void {
    const identity = identityOf(this.#folder);
    if (identity === this.#identity && (identity === undefined || this.#watcher !== undefined)) {
      return;
    }
    if (this.#isRefused) return;
    this.#identity = identity;
    this.#open();
    if (this.#watcher !== undefined) this.#listener.onReplaced();
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #open(): void {
    this.close();
    if (this.#identity === undefined) return;
    try {
      const watcher = this.#watch(this.#folder, (event, name) => this.#note(event, name));
      watcher.on("error", () => this.#lose(watcher));
      this.#watcher = watcher;
    } catch (error) {
      const code = codeOf(error);
      // The folder went away between the two calls: the next look finds it when it comes back.
      if (code === "ENOENT" || code === "ENOTDIR") this.#identity = undefined;
      else {
        this.#isRefused = true;
        this.#listener.onRefused(code);
      }
    }
  }

  #note(event: string, name: string | null): void {
    if (name !== null) this.#listener.onFile(name);
    if (event !== "rename") return;
    // This is how a folder tells that it was itself moved or removed; the next one may get the same inode.
    if (name === null || name === basename(this.#folder)) this.#identity = "";
    this.look();
  }

  #lose(watcher: FSWatcher): void {
    watcher.close();
    if (this.#watcher === watcher) this.#watcher = undefined;
  }
}

/** Tells a folder from the next one at its path; undefined when there is none. */
function identityOf(folder: string): string | undefined {
  const info = statSync(folder, { bigint: true, throwIfNoEntry: false });
  if (info === undefined || !info.isDirectory()) return undefined;
  return `${info.dev}:${info.ino}:${info.birthtimeNs}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
