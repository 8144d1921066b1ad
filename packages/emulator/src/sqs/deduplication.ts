/**
 * A FIFO queue knows the deduplication ids of the last five minutes.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html,
 *   read 2026-11-24
 */
export const DEDUPLICATION_MS = 300_000;

/** Ids that one queue holds: 3,000 messages a second, which is what AWS takes of one queue, for five minutes. */
export const DEDUPLICATION_IDS_MAX = 900_000;

/** What the first message with a deduplication id was. */
export interface Remembered {
  readonly key: string;
  readonly messageId: string;
  readonly sequenceNumber: string;
  readonly expiresMs: number;
}

/** The deduplication ids that a FIFO queue has seen of late; those that are too old go. */
export class Deduplication {
  /** In the order in which they expire, which is the order of arrival. */
  readonly #remembered = new Map<string, Remembered>();

  get size(): number {
    return this.#remembered.size;
  }

  find(key: string, nowMs: number): Remembered | undefined {
    this.#forget(nowMs);
    return this.#remembered.get(key);
  }

  add(remembered: Remembered): void {
    // A key that comes again expires later, so that it goes to the end.
    this.#remembered.delete(remembered.key);
    this.#remembered.set(remembered.key, remembered);
  }

  /** Whether it knows as many as it holds. */
  isFull(nowMs: number): boolean {
    this.#forget(nowMs);
    return this.size >= DEDUPLICATION_IDS_MAX;
  }

  entries(nowMs: number): Iterable<Remembered> {
    this.#forget(nowMs);
    return this.#remembered.values();
  }

  #forget(nowMs: number): void {
    for (const [key, { expiresMs }] of this.#remembered) {
      if (expiresMs > nowMs) return;
      this.#remembered.delete(key);
    }
  }
}
