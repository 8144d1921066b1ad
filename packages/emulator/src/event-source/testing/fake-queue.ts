import { createHash } from "node:crypto";

import { invariant, type Timers } from "@pilotlight/core";

import type { Queues, QueueView, ReceivedMessage } from "../../sqs/contract.ts";

interface Kept {
  readonly messageId: string;
  readonly body: string;
  readonly groupId: string | undefined;
  readonly receipts: Set<string>;
  visibleAtMs: number;
  receiveCount: number;
  receipt: string;
}

interface FakeQueueOptions {
  readonly clock: Timers;
  readonly isFifo?: boolean;
  readonly visibilityTimeoutSec?: number;
}

/** One queue in virtual time, as simple as the rules of visibility and of message groups allow. */
export class FakeQueue implements Queues {
  readonly arn: string;
  readonly isFifo: boolean;
  readonly visibilityTimeoutSec: number;
  /** Whether the queue is there; one that is not has no messages to give. */
  exists = true;
  /** Ids of the messages that were deleted, in their order. */
  readonly deleted: string[] = [];
  readonly #clock: Timers;
  readonly #kept: Kept[] = [];
  readonly #waiters = new Set<() => void>();
  #serial = 0;

  constructor({ clock, isFifo = false, visibilityTimeoutSec = 30 }: FakeQueueOptions) {
    this.#clock = clock;
    this.isFifo = isFifo;
    this.visibilityTimeoutSec = visibilityTimeoutSec;
    this.arn = `arn:aws:sqs:us-east-1:000000000000:queue${isFifo ? ".fifo" : ""}`;
  }

  /** Ids of the messages that are in the queue, hidden or not. */
  get messageIds(): string[] {
    return this.#kept.map(({ messageId }) => messageId);
  }

  /** Ids of the messages that a receiver would get. */
  get visibleIds(): string[] {
    const nowMs = this.#clock.monotonicMs();
    return this.#kept
      .filter(({ visibleAtMs }) => visibleAtMs <= nowMs)
      .map(({ messageId }) => messageId);
  }

  /** @returns The id of the new message. */
  put(body: string, groupId?: string): string {
    this.#serial += 1;
    const messageId = `message-${this.#serial}`;
    this.#kept.push({
      messageId,
      body,
      groupId,
      receipts: new Set(),
      visibleAtMs: this.#clock.monotonicMs(),
      receiveCount: 0,
      receipt: "",
    });
    this.#wake();
    return messageId;
  }

  find(arn: string): QueueView | undefined {
    if (arn !== this.arn || !this.exists) return undefined;
    const { isFifo, visibilityTimeoutSec } = this;
    return { arn, url: "http://127.0.0.1/queue", isFifo, visibilityTimeoutSec };
  }

  send(_arn: string, { body, groupId }: Parameters<Queues["send"]>[1]) {
    return Promise.resolve({ kind: "sent" as const, messageId: this.put(body, groupId) });
  }

  async receive(
    _arn: string,
    { messagesMax, waitMs, signal }: Parameters<Queues["receive"]>[1],
  ): Promise<readonly ReceivedMessage[]> {
    invariant(messagesMax >= 1 && messagesMax <= 10, "a receiver gets 1 to 10 messages");
    const endMs = this.#clock.monotonicMs() + waitMs;
    for (;;) {
      const messages = this.exists ? this.#take(messagesMax) : [];
      const remainingMs = endMs - this.#clock.monotonicMs();
      const isOver = remainingMs <= 0 || signal?.aborted === true || !this.exists;
      if (messages.length > 0 || isOver) return messages;
      await this.#change(remainingMs, signal);
    }
  }

  delete(_arn: string, receiptHandle: string): Promise<void> {
    const index = this.#kept.findIndex(({ receipts }) => receipts.has(receiptHandle));
    const kept = this.#kept[index];
    if (kept === undefined) return Promise.resolve();
    const isStale = kept.receipt !== receiptHandle || kept.visibleAtMs <= this.#clock.monotonicMs();
    // A FIFO queue refuses a receipt whose visibility timeout is over.
    if (this.isFifo && isStale) return Promise.resolve();
    this.#kept.splice(index, 1);
    this.deleted.push(kept.messageId);
    this.#wake();
    return Promise.resolve();
  }

  changeVisibility(_arn: string, receiptHandle: string, visibilityTimeoutSec: number): void {
    const kept = this.#kept.find(({ receipt }) => receipt === receiptHandle);
    if (kept === undefined) return;
    kept.visibleAtMs = this.#clock.monotonicMs() + visibilityTimeoutSec * 1_000;
    this.#wake();
  }

  #take(messagesMax: number): ReceivedMessage[] {
    const nowMs = this.#clock.monotonicMs();
    const locked = new Set(
      this.#kept.filter((kept) => this.isFifo && kept.visibleAtMs > nowMs).map(groupOf),
    );
    return this.#kept
      .filter((kept) => kept.visibleAtMs <= nowMs && !locked.has(groupOf(kept)))
      .slice(0, messagesMax)
      .map((kept) => this.#receipt(kept));
  }

  #receipt(kept: Kept): ReceivedMessage {
    kept.receiveCount += 1;
    kept.receipt = `${kept.messageId}#${kept.receiveCount}`;
    kept.receipts.add(kept.receipt);
    kept.visibleAtMs = this.#clock.monotonicMs() + this.visibilityTimeoutSec * 1_000;
    return {
      messageId: kept.messageId,
      receiptHandle: kept.receipt,
      body: kept.body,
      md5OfBody: createHash("md5").update(kept.body).digest("hex"),
      messageAttributes: {},
      md5OfMessageAttributes: undefined,
      systemAttributes: { ApproximateReceiveCount: String(kept.receiveCount) },
      groupId: kept.groupId,
    };
  }

  /** Waits for whatever may let a message be received. */
  #change(remainingMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const nowMs = this.#clock.monotonicMs();
    const hiddenMs = this.#kept
      .map(({ visibleAtMs }) => visibleAtMs - nowMs)
      .filter((ms) => ms > 0);
    const cancel = this.#clock.after(Math.min(remainingMs, ...hiddenMs), () => end());
    const end = () => {
      cancel();
      this.#waiters.delete(end);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    this.#waiters.add(end);
    signal?.addEventListener("abort", end);
    return promise;
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }
}

function groupOf({ groupId }: Kept): string | undefined {
  return groupId;
}
