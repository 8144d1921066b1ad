import { randomUUID } from "node:crypto";
import { createReadStream, mkdirSync, readdirSync, rmSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

import type { Segment } from "./records.ts";

/** Contents have random names, so that no key can be a path. */
const NAME_PATTERN = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** A part of a content, bytes; both ends belong to it. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The content of objects: files that are written once, under names that say nothing of the object.
 *
 * A file belongs to an object only when the journal says so. One that a crash has left is removed with the next start.
 */
export class ContentFiles {
  readonly #directory: string;
  /** How many readers a file has. */
  readonly #readers = new Map<string, number>();
  /** Files that go when their last reader has gone. */
  readonly #doomed = new Set<string>();

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
  }

  /** Those of the files that are not there. */
  missing(inUse: ReadonlySet<string>): string[] {
    const present = new Set(readdirSync(this.#directory));
    return [...inUse].filter((file) => !present.has(file));
  }

  /** Removes every file of ours but those in use; what somebody else has put there stays. */
  clean(inUse: ReadonlySet<string>): void {
    for (const file of readdirSync(this.#directory)) {
      if (NAME_PATTERN.test(file) && !inUse.has(file)) {
        rmSync(join(this.#directory, file), { recursive: true });
      }
    }
  }

  /** Writes a file as its content comes; what fails in the middle leaves none. */
  async write(content: AsyncIterable<Uint8Array>): Promise<Segment> {
    const file = randomUUID();
    const path = join(this.#directory, file);
    let sizeBytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const piece of content) {
        sizeBytes += piece.byteLength;
        yield piece;
      }
    }
    const handle = await open(path, "wx", 0o600);
    try {
      await handle.writeFile(counted());
    } catch (error) {
      await handle.close();
      await rm(path, { force: true });
      throw error;
    }
    await handle.close();
    return { file, sizeBytes };
  }

  /**
   * Reads segments one after the other. From this call on they stay, also when their object is replaced meanwhile.
   *
   * The stream has to be read to its end or destroyed.
   */
  read(segments: readonly Segment[], range?: ByteRange): Readable {
    const files = segments.map(({ file }) => file);
    for (const file of files) this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1);
    const stream = Readable.from(this.#pieces(segments, range), { objectMode: false });
    return stream.once("close", () => this.#release(files));
  }

  /** Removes files, those with readers when these have gone. */
  async remove(segments: readonly Segment[]): Promise<void> {
    const idle = segments.filter(({ file }) => {
      if (!this.#readers.has(file)) return true;
      this.#doomed.add(file);
      return false;
    });
    await Promise.all(idle.map(({ file }) => rm(join(this.#directory, file), { force: true })));
  }

  async *#pieces(
    segments: readonly Segment[],
    range: ByteRange = { first: 0, last: Number.MAX_SAFE_INTEGER },
  ): AsyncGenerator<Uint8Array> {
    let start = 0;
    for (const { file, sizeBytes } of segments) {
      const [first, last] = [range.first - start, range.last - start];
      start += sizeBytes;
      if (first >= sizeBytes || last < 0 || sizeBytes === 0) continue;
      yield* createReadStream(join(this.#directory, file), {
        start: Math.max(0, first),
        end: Math.min(sizeBytes - 1, last),
      });
    }
  }

  #release(files: readonly string[]): void {
    for (const file of files) {
      const left = (this.#readers.get(file) ?? 1) - 1;
      if (left > 0) {
        this.#readers.set(file, left);
        continue;
      }
      this.#readers.delete(file);
      if (this.#doomed.delete(file)) rmSync(join(this.#directory, file), { force: true });
    }
  }
}
