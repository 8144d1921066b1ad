import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";

import { Journal } from "../state/journal.ts";
import { storedBytes } from "./message.ts";
import { type QueueEntry, readEntry, wireEntry } from "./queue-entry.ts";

/** A smaller file is not worth compacting. */
const COMPACTED_BYTES_MIN = 1_048_576;

/** About what an entry without a message takes, and each id in it. */
const ENTRY_BYTES = 100;

export const JOURNAL_SUFFIX = ".jsonl";

/**
 * The file of a queue: its name, and a hash because some file systems make no difference between capitals and small
 * letters.
 */
export function journalPath(directory: string, queueName: string): string {
  const hash = createHash("sha256").update(queueName).digest("hex").slice(0, 8);
  return join(directory, `${queueName}-${hash}${JOURNAL_SUFFIX}`);
}

/** What a queue must not forget, in a file that is rewritten when most of it is of the past. */
export class QueueJournal {
  readonly #path: string;
  readonly #journal: Journal<unknown>;
  #bytes: number;

  /** @throws PilotlightError ERR_STATE_BROKEN when the file holds something else. */
  constructor(path: string) {
    this.#path = path;
    this.#journal = new Journal<unknown>({ path, read: readEntry });
    this.#bytes = 0;
  }

  /** What the file told when it was opened; only once. */
  takeEntries(): readonly QueueEntry[] {
    // What was read is an entry; what is appended is its wire form.
    const entries = this.#journal.takeEntries() as readonly QueueEntry[];
    this.#bytes += entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
    return entries;
  }

  append(entry: QueueEntry): void {
    this.#journal.append(wireEntry(entry));
    this.#bytes += entryBytes(entry);
  }

  /** Whether most of the file is of the past: what is live are so many entries, and the bytes of the messages in them. */
  isWorthCompacting(live: { readonly entries: number; readonly messageBytes: number }): boolean {
    const liveBytes = ENTRY_BYTES * live.entries + live.messageBytes;
    return this.#bytes > Math.max(COMPACTED_BYTES_MIN, 3 * liveBytes);
  }

  rewrite(entries: readonly QueueEntry[]): void {
    this.#journal.rewrite(entries.map(wireEntry));
    this.#bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  }

  close(): void {
    this.#journal.close();
  }

  /** Closes and removes the file: the queue is no more. */
  remove(): void {
    this.#journal.close();
    rmSync(this.#path, { force: true });
  }
}

function entryBytes(entry: QueueEntry): number {
  if (entry.kind === "added") return ENTRY_BYTES + storedBytes(entry.queued.message);
  if (entry.kind === "received" || entry.kind === "removed") return ENTRY_BYTES * entry.ids.length;
  return ENTRY_BYTES;
}
