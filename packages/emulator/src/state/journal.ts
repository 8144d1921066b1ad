import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

import { PilotlightError } from "@pilotlight/core";

interface JournalOptions<Entry> {
  /** Absolute path of the file; its folder is made where it does not exist. */
  readonly path: string;
  /** Reads one entry of the file. @throws Anything, where the value is none. */
  readonly read: (value: unknown) => Entry;
}

/**
 * What a service must not forget when the emulator ends, however it ends: a file of JSON lines.
 *
 * An entry is in the file, in the order of the calls, when {@link Journal.append} returns; a process that is killed
 * loses nothing that was appended. What is lost when the machine itself fails is not promised.
 */
export class Journal<Entry> {
  readonly #path: string;
  #found: readonly Entry[];
  #file: number;
  #length: number;

  /** @throws PilotlightError ERR_STATE_BROKEN when the file holds something else. */
  constructor({ path, read }: JournalOptions<Entry>) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    const { entries, isCut } = readEntries(path, read);
    this.#found = entries;
    this.#length = entries.length;
    this.#file = openSync(path, "a", 0o600);
    // A process that was killed within a write leaves a line without its end; it was never acknowledged.
    if (isCut) this.rewrite(entries);
  }

  /** What the file held when it was opened, oldest first; only once, so that it is not kept for as long as the journal. */
  takeEntries(): readonly Entry[] {
    const entries = this.#found;
    this.#found = [];
    return entries;
  }

  /** Entries in the file: whoever keeps the state compacts it when that is many times its own size. */
  get length(): number {
    return this.#length;
  }

  /** @throws What the file system throws; the file then is as it was, so that later entries can be read. */
  append(entry: Entry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    let written = 0;
    try {
      while (written < line.byteLength) written += writeSync(this.#file, line, written);
    } catch (error) {
      // A disk that is full takes the beginning of a line.
      if (written > 0) ftruncateSync(this.#file, fstatSync(this.#file).size - written);
      throw error;
    }
    this.#length += 1;
  }

  /** Replaces the whole file by `entries`, at once: a reader sees the old file or the new one. */
  rewrite(entries: readonly Entry[]): void {
    const next = `${this.#path}.next`;
    writeFileSync(next, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""), {
      mode: 0o600,
    });
    closeSync(this.#file);
    renameSync(next, this.#path);
    this.#file = openSync(this.#path, "a", 0o600);
    this.#length = entries.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}

function readEntries<Entry>(
  path: string,
  read: (value: unknown) => Entry,
): { entries: Entry[]; isCut: boolean } {
  const text = readText(path);
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  const entries = lines.map((line, index) => {
    try {
      return read(JSON.parse(line));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PilotlightError(
        "ERR_STATE_BROKEN",
        `${path}, line ${index + 1}: what the emulator kept there cannot be read: ${reason}. Mend the line, or move the file away to start without what it holds; nothing was changed.`,
        { cause: error },
      );
    }
  });
  return { entries, isCut: rest !== "" };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    const reason = error instanceof Error ? error.message : String(error);
    throw new PilotlightError(
      "ERR_STATE_BROKEN",
      `${path}: what the emulator kept there cannot be read: ${reason}. Give this user the right to read it, or move it away to start without what it holds.`,
      { cause: error },
    );
  }
}
