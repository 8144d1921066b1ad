import {
  closeSync,
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
  /** What the file held when it was opened, oldest first. */
  readonly entries: readonly Entry[];
  readonly #path: string;
  #file: number;
  #length: number;

  /** @throws PilotlightError ERR_STATE_BROKEN when the file holds something else. */
  constructor({ path, read }: JournalOptions<Entry>) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    const { entries, isCut } = readEntries(path, read);
    this.entries = entries;
    this.#length = entries.length;
    this.#file = openSync(path, "a", 0o600);
    // A process that was killed within a write leaves a line without its end; it was never acknowledged.
    if (isCut) this.rewrite(entries);
  }

  /** Entries in the file: whoever keeps the state compacts it when that is many times its own size. */
  get length(): number {
    return this.#length;
  }

  append(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
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
