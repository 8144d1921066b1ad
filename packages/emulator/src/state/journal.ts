import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
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

const REPLACED_AND_APPENDED =
  constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

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
  #isClosed = false;

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
    this.#checkOpen();
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

  /**
   * Replaces the whole file by `entries`, at once: a reader sees the old file or the new one.
   *
   * @throws What the file system throws; the file then is as it was.
   */
  rewrite(entries: readonly Entry[]): void {
    this.#checkOpen();
    const next = `${this.#path}.next`;
    const file = openSync(next, REPLACED_AND_APPENDED, 0o600);
    try {
      writeLines(file, entries);
      renameSync(next, this.#path);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    closeSync(this.#file);
    this.#file = file;
    this.#length = entries.length;
  }

  /** Nothing can be appended any more: the system may give the number of the file to another one. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#file);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Error(`${this.#path} is closed: the emulator is stopping`);
  }
}

/** Lines are written together in pieces of about so many characters: one text of all could be too long for a string. */
const PIECE_CHARS = 1_048_576;
const READ_BYTES = 1_048_576;
const LINE_FEED = 10;

function writeLines(file: number, entries: readonly unknown[]): void {
  let piece = "";
  for (const entry of entries) {
    piece += `${JSON.stringify(entry)}\n`;
    if (piece.length < PIECE_CHARS) continue;
    writeFileSync(file, piece);
    piece = "";
  }
  writeFileSync(file, piece);
}

function readEntries<Entry>(
  path: string,
  read: (value: unknown) => Entry,
): { entries: Entry[]; isCut: boolean } {
  const entries: Entry[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for (const piece of piecesOf(path)) {
    let start = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
      const part = piece.subarray(start, end);
      const line = rest.length === 0 ? part : Buffer.concat([rest, part]);
      rest = Buffer.alloc(0);
      entries.push(readLine(line, { path, number: entries.length + 1, read }));
      start = end + 1;
    }
    rest = Buffer.concat([rest, piece.subarray(start)]);
  }
  return { entries, isCut: rest.length > 0 };
}

function readLine<Entry>(
  line: Buffer,
  { path, number, read }: { path: string; number: number; read: (value: unknown) => Entry },
): Entry {
  try {
    return read(JSON.parse(line.toString("utf8")));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PilotlightError(
      "ERR_STATE_BROKEN",
      `${path}, line ${number}: what the emulator kept there cannot be read: ${reason}. Mend the line, or move the file away to start without what it holds; nothing was changed.`,
      { cause: error },
    );
  }
}

/** A file may be longer than a string can be. */
function* piecesOf(path: string): Generator<Buffer> {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    for (;;) {
      const piece = Buffer.alloc(READ_BYTES);
      const bytes = readSync(file, piece);
      if (bytes === 0) return;
      yield piece.subarray(0, bytes);
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "ENOENT") return;
    throw new PilotlightError(
      "ERR_STATE_BROKEN",
      `${path}: what the emulator kept there cannot be read: ${error.message}. Mend that, or move it away to start without what it holds.`,
      { cause: error },
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
