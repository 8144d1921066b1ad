import type { Timers } from "@pilotlight/core";

import type { FaultSource } from "../faults/contract.ts";
import {
  type AcceptedMessage,
  deduplicationIdOf,
  newMessage,
  sequenceNumber,
} from "./accepted-message.ts";
import { Deduplication, DEDUPLICATION_MS, type Remembered } from "./deduplication.ts";
import type { Message, QueuedMessage } from "./message.ts";
import {
  type DeleteOutcome,
  type HideOutcome,
  MessageQueue,
  type Receipt,
  type StorageLedger,
} from "./queue.ts";
import type { QueueEntry } from "./queue-entry.ts";
import { queueOf, type QueueState } from "./queue-history.ts";
import { QueueJournal } from "./queue-journal.ts";
import { type QueueRecord, type QueueSettings, settingsOf } from "./queue-record.ts";
import { type Waiter, Waiters } from "./waiters.ts";

/** What a queue asks of the others. */
export interface QueueSurroundings {
  readonly clock: Timers;
  readonly ledger: StorageLedger;
  /** Whether there is a queue that takes what this one gives up. */
  readonly hasDeadLetterQueue: (targetArn: string) => boolean;
  readonly giveUp: (source: LiveQueue, dead: readonly QueuedMessage[]) => void;
  readonly faults: FaultSource;
}

export interface SentMessage {
  readonly messageId: string;
  readonly sequenceNumber: string | undefined;
}

interface ReceiveOptions {
  readonly messagesMax: number;
  /** @default the queue's own visibility timeout */
  readonly visibilityMs: number | undefined;
}

/** A queue at work: its messages, its file and the consumers that wait. */
export class LiveQueue {
  readonly arn: string;
  readonly #surroundings: QueueSurroundings;
  readonly #journal: QueueJournal;
  readonly #messages: MessageQueue;
  readonly #deduplication = new Deduplication();
  readonly #waiters: Waiters;
  #record: QueueRecord;
  #settings: QueueSettings;
  #lastOrder: number;
  #cancelAlarm: (() => void) | undefined;
  #isStopped = false;

  private constructor(
    state: QueueState,
    { journal, arn, ...surroundings }: QueueSurroundings & { journal: QueueJournal; arn: string },
  ) {
    const { clock, ledger } = surroundings;
    this.arn = arn;
    this.#surroundings = surroundings;
    this.#journal = journal;
    this.#record = state.record;
    this.#settings = settingsOf(state.record);
    this.#lastOrder = state.lastOrder;
    this.#waiters = new Waiters(clock);
    const { isFifo, retentionMs } = this.#settings;
    this.#messages = new MessageQueue({ isFifo, retentionMs, clock, ledger });
    for (const queued of state.messages) this.#messages.add(queued);
    for (const one of state.remembered) this.#deduplication.add(one);
  }

  /** Makes a queue and its file. */
  static create(
    record: QueueRecord,
    { path, ...rest }: QueueSurroundings & { path: string; arn: string },
  ): LiveQueue {
    const journal = new QueueJournal(path);
    const state = { record, messages: [], remembered: [], lastOrder: 0 };
    const queue = new LiveQueue(state, { ...rest, journal });
    queue.#compact();
    return queue;
  }

  /**
   * Opens a queue's file.
   *
   * @returns `undefined` where the file tells of no queue; it is then removed.
   * @throws PilotlightError ERR_STATE_BROKEN
   */
  static open({
    path,
    arnOf,
    ...surroundings
  }: QueueSurroundings & { path: string; arnOf: (name: string) => string }): LiveQueue | undefined {
    const journal = new QueueJournal(path);
    const state = queueOf(journal.takeEntries(), surroundings.clock.epochMs());
    if (state === undefined) {
      journal.remove();
      return undefined;
    }
    const queue = new LiveQueue(state, { ...surroundings, journal, arn: arnOf(state.record.name) });
    queue.#compact();
    return queue;
  }

  get name(): string {
    return this.#record.name;
  }

  get record(): QueueRecord {
    return this.#record;
  }

  get settings(): QueueSettings {
    return this.#settings;
  }

  /** Whether a FIFO queue knows so many deduplication ids that it takes no message. */
  get isDeduplicationFull(): boolean {
    return this.#deduplication.isFull(this.#clock.epochMs());
  }

  get isInFlightFull(): boolean {
    this.#advance();
    return this.#messages.isInFlightFull;
  }

  counts(): ReturnType<MessageQueue["counts"]> {
    this.#advance();
    return this.#messages.counts();
  }

  /** Replaces attributes or tags. */
  change(parts: Partial<Pick<QueueRecord, "attributes" | "tags">>): void {
    const modifiedMs =
      parts.attributes === undefined ? this.#record.modifiedMs : this.#clock.epochMs();
    this.#record = { ...this.#record, ...parts, modifiedMs };
    this.#settings = settingsOf(this.#record);
    this.#messages.retentionMs = this.#settings.retentionMs;
    this.#write({ kind: "queue", record: this.#record, lastOrder: this.#lastOrder });
    this.#tidy();
  }

  /** Puts a message in; one with a deduplication id that the queue knows changes nothing. */
  send(accepted: AcceptedMessage): SentMessage {
    const nowMs = this.#clock.epochMs();
    const { isFifo, delayMs } = this.#settings;
    const key = isFifo ? this.#deduplicationKey(accepted) : undefined;
    const known = key === undefined ? undefined : this.#deduplication.find(key, nowMs);
    if (known !== undefined) return known;
    this.#lastOrder += 1;
    const order = this.#lastOrder;
    const message = newMessage(accepted, { order, nowMs, isFifo });
    const visibleAtMs = nowMs + (accepted.delayMs ?? delayMs);
    this.#add({ message, order, receiveCount: 0, visibleAtMs, isInFlight: false }, key);
    return { messageId: message.id, sequenceNumber: message.sequenceNumber };
  }

  /** Takes a message that another queue has given up: it keeps what it was. */
  takeOver(queued: QueuedMessage, from: { readonly sourceArn?: string }): void {
    const nowMs = this.#clock.epochMs();
    this.#lastOrder += 1;
    const { isFifo } = this.#settings;
    const message: Message = {
      ...queued.message,
      deadLetterSourceArn: from.sourceArn,
      // Retention starts again in a FIFO queue only.
      ...(isFifo && {
        enqueuedMs: nowMs,
        sequenceNumber: sequenceNumber(this.#lastOrder),
      }),
    };
    const { receiveCount, firstReceivedMs } = queued;
    const order = this.#lastOrder;
    this.#add({
      message,
      order,
      receiveCount,
      carriedReceiveCount: receiveCount,
      firstReceivedMs,
      visibleAtMs: nowMs,
      isInFlight: false,
    });
  }

  /** Takes what can be received now. */
  receive({ messagesMax, visibilityMs }: ReceiveOptions): readonly QueuedMessage[] {
    this.#advance();
    const { redrive } = this.#settings;
    const isRedriven =
      redrive !== undefined &&
      redrive.targetArn !== this.arn &&
      this.#surroundings.hasDeadLetterQueue(redrive.targetArn);
    const hiddenMs = visibilityMs ?? this.#settings.visibilityMs;
    const { received, dead } = this.#messages.receive({
      messagesMax,
      visibilityMs: hiddenMs,
      receiveCountMax: isRedriven ? redrive.receiveCountMax : undefined,
    });
    if (received.length > 0) {
      const ids = received.map(({ message }) => message.id);
      this.#write({ kind: "received", ids, visibleAtMs: this.#clock.epochMs() + hiddenMs });
    }
    if (dead.length > 0) {
      // First into the other file: a message that is in both is better than one that is in none.
      this.#surroundings.giveUp(this, dead);
      this.#write({ kind: "removed", ids: dead.map(({ message }) => message.id) });
    }
    this.#tidy();
    this.#setAlarm();
    this.#deliverAgain(received[0]);
    return received;
  }

  /** A standard queue may deliver a message again that somebody has; here it does where a fault asks for it. */
  #deliverAgain(queued: QueuedMessage | undefined): void {
    if (queued === undefined || this.#settings.isFifo) return;
    const fault = this.#surroundings.faults.take("queue-receive", { queueName: this.name });
    if (fault === undefined) return;
    const receipt = { messageId: queued.message.id, receiveCount: queued.receiveCount };
    // Not before whoever waits has got it the first time.
    this.#clock.after(0, () => {
      if (!this.#isStopped) this.hide(receipt, 0);
    });
  }

  /** Takes what can be received, and waits for the first message where there is none. */
  receiveWithin(
    options: ReceiveOptions & {
      readonly waitMs: number;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<readonly QueuedMessage[]> {
    if (this.#isStopped) return Promise.resolve([]);
    const received = this.receive(options);
    if (received.length > 0 || options.waitMs <= 0) return Promise.resolve(received);
    const waiting = this.#waiters.wait(options);
    this.#setAlarm();
    return waiting;
  }

  delete(receipt: Receipt): DeleteOutcome {
    this.#advance();
    const outcome = this.#messages.delete(receipt);
    if (outcome === "deleted") {
      this.#write({ kind: "removed", ids: [receipt.messageId] });
      this.#tidy();
      this.#changed();
    }
    return outcome;
  }

  hide(receipt: Receipt, visibilityMs: number): HideOutcome {
    this.#advance();
    const outcome = this.#messages.hide(receipt, visibilityMs);
    if (outcome === "hidden") {
      const visibleAtMs = this.#clock.epochMs() + visibilityMs;
      this.#write({ kind: "hidden", id: receipt.messageId, visibleAtMs });
      this.#tidy();
      this.#changed();
    }
    return outcome;
  }

  /**
   * Moves messages that can be received out of the queue, one after the other, as long as `put` takes them.
   *
   * @returns How many were moved.
   */
  moveOut(messagesMax: number, put: (queued: QueuedMessage) => boolean): number {
    let moved = 0;
    for (; moved < messagesMax; moved += 1) {
      this.#advance();
      const queued = this.#messages.peek();
      if (queued === undefined || !put(queued)) break;
      this.#messages.drop(queued.message.id);
      this.#write({ kind: "removed", ids: [queued.message.id] });
    }
    this.#tidy();
    return moved;
  }

  /** Deletes every message. */
  purge(): void {
    this.#messages.clear();
    this.#write({ kind: "purged" });
    this.#tidy();
  }

  /** Gives consumers nothing any more, those that wait first, and sets no timer. */
  stop(): void {
    this.#isStopped = true;
    this.#waiters.end();
    this.#cancelAlarm?.();
  }

  close(): void {
    this.stop();
    this.#journal.close();
  }

  /** The queue is no more, nor are its messages. */
  remove(): void {
    this.stop();
    this.#messages.clear();
    this.#journal.remove();
  }

  get #clock(): Timers {
    return this.#surroundings.clock;
  }

  #deduplicationKey(accepted: AcceptedMessage): string {
    const scope = this.#settings.deduplicatesPerGroup ? (accepted.groupId ?? "") : "";
    return `${scope}\n${deduplicationIdOf(accepted)}`;
  }

  #add(queued: QueuedMessage, deduplicationKey?: string): void {
    const remembered: Remembered | undefined =
      deduplicationKey === undefined
        ? undefined
        : {
            key: deduplicationKey,
            messageId: queued.message.id,
            sequenceNumber: queued.message.sequenceNumber ?? "",
            expiresMs: this.#clock.epochMs() + DEDUPLICATION_MS,
          };
    this.#write({ kind: "added", queued, remembered });
    if (remembered !== undefined) this.#deduplication.add(remembered);
    this.#messages.add(queued);
    this.#tidy();
    this.#changed();
  }

  /** What has become visible goes to those who wait. */
  #changed(): void {
    if (this.#waiters.size === 0) return;
    this.#waiters.serve((waiter: Waiter) => this.receive(waiter));
    this.#setAlarm();
  }

  /** Rings when the next hidden message becomes visible, as long as somebody waits for it. */
  #setAlarm(): void {
    this.#cancelAlarm?.();
    this.#cancelAlarm = undefined;
    const nextMs = this.#messages.nextVisibleAtMs;
    if (this.#waiters.size === 0 || nextMs === undefined) return;
    // A timer may ring a little early; then it is set again.
    const delayMs = Math.max(1, nextMs - this.#clock.epochMs());
    this.#cancelAlarm = this.#clock.after(delayMs, () => this.#changed());
  }

  #advance(): void {
    const expired = this.#messages.advance();
    if (expired.length > 0) this.#write({ kind: "removed", ids: expired });
  }

  #write(entry: DistributiveOmit<QueueEntry, "atMs">): void {
    this.#journal.append({ ...entry, atMs: this.#clock.epochMs() });
  }

  /** Compacts the file where that is due; only when the messages are as the file has them. */
  #tidy(): void {
    const entries = this.#messages.size + this.#deduplication.size;
    const messageBytes = this.#messages.bytes;
    if (this.#journal.isWorthCompacting({ entries, messageBytes })) this.#compact();
  }

  #compact(): void {
    const atMs = this.#clock.epochMs();
    const entries: QueueEntry[] = [
      { kind: "queue", atMs, record: this.#record, lastOrder: this.#lastOrder },
    ];
    for (const remembered of this.#deduplication.entries(atMs)) {
      entries.push({ kind: "remembered", atMs, remembered });
    }
    for (const queued of this.#messages.messages()) entries.push({ kind: "added", atMs, queued });
    this.#journal.rewrite(entries);
  }
}

type DistributiveOmit<Type, Key extends PropertyKey> = Type extends unknown
  ? Omit<Type, Key>
  : never;
