import type { Clock } from "@pilotlight/core";

import { GroupedLine, type Line, StandardLine, type Waiting } from "./line.ts";
import { type Message, type QueuedMessage, storedBytes } from "./message.ts";
import { OrderedHeap } from "./ordered-heap.ts";

/**
 * Messages of one queue that consumers may have at a time, about.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html and
 *   quotas-fifo.html, read 2026-11-24
 */
export const IN_FLIGHT_MAX = 120_000;

/**
 * A message may be hidden for twelve hours in all after it was received.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html, read
 *   2026-11-24
 */
const HIDDEN_MS_MAX = 43_200_000;

/** Bytes that all queues of the account hold together. */
export interface StorageLedger {
  bytes: number;
}

interface MessageQueueOptions {
  readonly isFifo: boolean;
  /** How long a message is kept, milliseconds. */
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly ledger: StorageLedger;
}

interface ReceiveOptions {
  readonly messagesMax: number;
  readonly visibilityMs: number;
  /** A message that was received so often from this queue is given up instead of received again. */
  readonly receiveCountMax?: number | undefined;
}

/** What a receive has taken: `received` is in the hands of the consumer, `dead` has left the queue. */
export interface Taken {
  readonly received: readonly QueuedMessage[];
  readonly dead: readonly QueuedMessage[];
}

/** Which receive of which message a receipt handle stands for. */
export interface Receipt {
  readonly messageId: string;
  /** The message's receive count at that receive. */
  readonly receiveCount: number;
}

export type DeleteOutcome = "deleted" | "unknown" | "superseded" | "expired";
export type HideOutcome = "hidden" | "unknown" | "superseded" | "not_in_flight" | "beyond_limit";

interface Entry extends Waiting {
  readonly message: Message;
  receiveCount: number;
  readonly carriedReceiveCount: number;
  firstReceivedMs: number | undefined;
  lastReceivedMs: number | undefined;
  visibleAtMs: number;
  isInFlight: boolean;
}

/**
 * The messages of one queue: which can be received, which are hidden and until when.
 *
 * It has no timers: whoever asks gets the state at the clock's time. Each operation costs the logarithm of the
 * number of messages.
 */
export class MessageQueue {
  retentionMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #line: Line<Entry>;
  readonly #hidden = new OrderedHeap<Entry>(({ visibleAtMs }) => visibleAtMs);
  readonly #oldest = new OrderedHeap<Entry>(({ message }) => message.enqueuedMs);
  readonly #isFifo: boolean;
  readonly #clock: Clock;
  readonly #ledger: StorageLedger;
  #inFlight = 0;
  #bytes = 0;

  constructor({ isFifo, retentionMs, clock, ledger }: MessageQueueOptions) {
    this.#isFifo = isFifo;
    this.retentionMs = retentionMs;
    this.#clock = clock;
    this.#ledger = ledger;
    this.#line = isFifo ? new GroupedLine<Entry>() : new StandardLine<Entry>();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What its messages take, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether consumers have so many messages that none is given out. */
  get isInFlightFull(): boolean {
    return this.#inFlight >= IN_FLIGHT_MAX;
  }

  /** When the next hidden message can be received, epoch milliseconds. */
  get nextVisibleAtMs(): number | undefined {
    return this.#hidden.peek()?.visibleAtMs;
  }

  /** Adds a message, new or as it was before a restart; one that is there already stays. */
  add(queued: QueuedMessage): void {
    if (this.#entries.has(queued.message.id)) return;
    const { groupId } = queued.message;
    const entry: Entry = {
      message: queued.message,
      order: queued.order,
      groupId,
      receiveCount: queued.receiveCount,
      carriedReceiveCount: queued.carriedReceiveCount ?? 0,
      firstReceivedMs: queued.firstReceivedMs,
      lastReceivedMs: queued.lastReceivedMs,
      visibleAtMs: queued.visibleAtMs,
      isInFlight: queued.isInFlight,
    };
    this.#entries.set(entry.message.id, entry);
    this.#oldest.add(entry);
    this.#count(storedBytes(entry.message));
    if (entry.visibleAtMs <= this.#clock.epochMs()) {
      entry.isInFlight = false;
      this.#line.addReady(entry);
      return;
    }
    this.#hidden.add(entry);
    if (entry.isInFlight) {
      this.#inFlight += 1;
      this.#line.addOut(entry);
    } else {
      this.#line.addHidden(entry);
    }
  }

  /** Lets time have its effect: hidden messages come back, and those past their retention go. @returns Their ids. */
  advance(): readonly string[] {
    const nowMs = this.#clock.epochMs();
    const expired: string[] = [];
    for (
      let entry = this.#oldest.peek();
      entry !== undefined && entry.message.enqueuedMs + this.retentionMs <= nowMs;
      entry = this.#oldest.peek()
    ) {
      this.#remove(entry);
      expired.push(entry.message.id);
    }
    for (
      let entry = this.#hidden.peek();
      entry !== undefined && entry.visibleAtMs <= nowMs;
      entry = this.#hidden.peek()
    ) {
      this.#reveal(entry);
    }
    return expired;
  }

  /** Takes messages out of the line; call {@link MessageQueue.advance} before. */
  receive({ messagesMax, visibilityMs, receiveCountMax = Infinity }: ReceiveOptions): Taken {
    const nowMs = this.#clock.epochMs();
    const taken: Entry[] = [];
    const dead: QueuedMessage[] = [];
    while (taken.length < messagesMax && !this.isInFlightFull) {
      const entry = this.#line.take();
      if (entry === undefined) break;
      if (entry.receiveCount - entry.carriedReceiveCount >= receiveCountMax) {
        dead.push(queuedOf(entry));
        this.#remove(entry);
        continue;
      }
      entry.receiveCount += 1;
      entry.firstReceivedMs ??= nowMs;
      entry.lastReceivedMs = nowMs;
      entry.visibleAtMs = nowMs + visibilityMs;
      entry.isInFlight = true;
      this.#inFlight += 1;
      taken.push(entry);
    }
    this.#line.endReceive();
    const received = taken.map(queuedOf);
    for (const entry of taken) {
      this.#hidden.add(entry);
      if (visibilityMs <= 0) this.#reveal(entry);
    }
    return { received, dead };
  }

  /**
   * Deletes the message that was received with the receipt.
   *
   * A standard queue deletes a message whose visibility timeout has ended too; a FIFO queue does not, because the
   * message may be in other hands.
   */
  delete({ messageId, receiveCount }: Receipt): DeleteOutcome {
    const entry = this.#entries.get(messageId);
    if (entry === undefined) return "unknown";
    if (this.#isFifo && !entry.isInFlight) return "expired";
    if (entry.receiveCount !== receiveCount) return "superseded";
    this.#remove(entry);
    return "deleted";
  }

  /** Hides the message that was received with the receipt for so long from now; for 0 it can be received at once. */
  hide({ messageId, receiveCount }: Receipt, visibilityMs: number): HideOutcome {
    const entry = this.#entries.get(messageId);
    if (entry === undefined) return "unknown";
    if (entry.receiveCount !== receiveCount) return "superseded";
    if (!entry.isInFlight) return "not_in_flight";
    const nowMs = this.#clock.epochMs();
    const visibleAtMs = nowMs + visibilityMs;
    if (visibleAtMs - (entry.lastReceivedMs ?? nowMs) > HIDDEN_MS_MAX) return "beyond_limit";
    this.#hidden.delete(entry);
    entry.visibleAtMs = visibleAtMs;
    this.#hidden.add(entry);
    if (visibilityMs <= 0) this.#reveal(entry);
    return "hidden";
  }

  /** The message that a receive would give; it stays as it is. */
  peek(): QueuedMessage | undefined {
    const entry = this.#line.take();
    this.#line.endReceive();
    if (entry === undefined) return undefined;
    this.#line.ready(entry);
    return queuedOf(entry);
  }

  /** Takes a message out, whoever has it. */
  drop(messageId: string): void {
    const entry = this.#entries.get(messageId);
    if (entry !== undefined) this.#remove(entry);
  }

  clear(): void {
    this.#count(-this.#bytes);
    this.#entries.clear();
    this.#hidden.clear();
    this.#oldest.clear();
    this.#line.clear();
    this.#inFlight = 0;
  }

  counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    const delayed = this.#hidden.size - this.#inFlight;
    return { visible: this.size - this.#hidden.size, inFlight: this.#inFlight, delayed };
  }

  /** Every message, in no particular order. */
  *messages(): Iterable<QueuedMessage> {
    for (const entry of this.#entries.values()) yield queuedOf(entry);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#ledger.bytes += bytes;
  }

  #reveal(entry: Entry): void {
    this.#hidden.delete(entry);
    if (entry.isInFlight) this.#inFlight -= 1;
    entry.isInFlight = false;
    this.#line.ready(entry);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.message.id);
    this.#count(-storedBytes(entry.message));
    this.#oldest.delete(entry);
    if (this.#hidden.delete(entry) && entry.isInFlight) this.#inFlight -= 1;
    this.#line.remove(entry);
  }
}

function queuedOf({ groupId: _groupId, ...entry }: Entry): QueuedMessage {
  return { ...entry };
}
