import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";

import { PilotlightError } from "@pilotlight/core";
import type { TraceEvent } from "@pilotlight/emulator";

/** Lines are written together, at latest when so many characters wait. */
const WAITING_CHARS_MAX = 65_536;

/** A file that gets one line of JSON for each event of an emulator. */
export class TraceFile {
  readonly #file: number;
  readonly #onError: (error: unknown) => void;
  #waiting = "";
  #isScheduled = false;
  #isClosed = false;

  /**
   * @param path - A file that is there is appended to.
   * @throws PilotlightError ERR_COMMAND_INVALID when the file cannot be written.
   */
  constructor(path: string, onError: (error: unknown) => void) {
    this.#onError = onError;
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#file = openSync(path, "a", 0o600);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PilotlightError(
        "ERR_COMMAND_INVALID",
        `PILOTLIGHT_TRACE: got ${JSON.stringify(path)}, which cannot be written: ${reason}; accepted: the path of a file`,
        { cause: error },
      );
    }
  }

  add(event: TraceEvent): void {
    if (this.#isClosed) return;
    this.#waiting += `${JSON.stringify(event)}\n`;
    if (this.#waiting.length >= WAITING_CHARS_MAX) return this.#write();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#write());
  }

  /** Writes what waits. */
  close(): void {
    if (this.#isClosed) return;
    this.#write();
    this.#isClosed = true;
    closeSync(this.#file);
  }

  /** A disk that is full must not end the emulator. */
  #write(): void {
    this.#isScheduled = false;
    const lines = this.#waiting;
    this.#waiting = "";
    if (this.#isClosed || lines === "") return;
    try {
      const bytes = Buffer.from(lines);
      for (let written = 0; written < bytes.byteLength;) {
        written += writeSync(this.#file, bytes, written);
      }
    } catch (error) {
      this.#onError(error);
    }
  }
}
