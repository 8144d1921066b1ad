import { VirtualClock } from "@pilotlight/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { QueuedMessage } from "./message.ts";
import { IN_FLIGHT_MAX, MessageQueue, type Receipt } from "./queue.ts";
import { NaiveQueue } from "./testing/naive-queue.ts";

const RETENTION_MS = 60;

const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      send: fc.constantFrom("a", "b", "c"),
      delayMs: fc.constantFrom(0, 0, 5),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      receive: fc.integer({ min: 1, max: 4 }),
      visibilityMs: fc.constantFrom(0, 4, 10, 30),
      receiveCountMax: fc.constantFrom(Infinity, Infinity, 1, 2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ delete: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ hide: fc.nat(20), ms: fc.constantFrom(0, 3, 20) }) },
  { weight: 3, arbitrary: fc.record({ advanceMs: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 1, arbitrary: fc.constant("purge" as const) },
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

/** The queue beside the naive one: both do the same, and must answer the same. */
class Pair {
  readonly actual: unknown[] = [];
  readonly expected: unknown[] = [];
  readonly #clock = new VirtualClock(0);
  readonly #ledger = { bytes: 0 };
  readonly #queue: MessageQueue;
  readonly #naive: NaiveQueue;
  readonly #receipts: Receipt[] = [];
  #sent = 0;

  constructor(isFifo: boolean) {
    const rules = { isFifo, retentionMs: RETENTION_MS };
    this.#queue = new MessageQueue({ ...rules, clock: this.#clock, ledger: this.#ledger });
    this.#naive = new NaiveQueue(rules);
  }

  run(one: Operation): void {
    this.#queue.advance();
    this.#naive.advanceTo(this.#clock.epochMs());
    if (one === "purge") {
      this.#queue.clear();
      this.#naive.clear();
    } else if ("send" in one) this.#send(one);
    else if ("receive" in one) this.#receive(one);
    else if ("advanceMs" in one) this.#clock.advanceMs(one.advanceMs);
    else this.#use(one);
    this.#compare();
  }

  #send({ send: groupId, delayMs }: { send: string; delayMs: number }): void {
    this.#sent += 1;
    const id = `message-${this.#sent}`;
    this.#queue.add(
      queued({ id, groupId, order: this.#sent, nowMs: this.#clock.epochMs(), delayMs }),
    );
    this.#naive.send({ id, groupId, delayMs });
  }

  #receive({
    receive: messagesMax,
    ...rest
  }: {
    receive: number;
    visibilityMs: number;
    receiveCountMax: number;
  }): void {
    const { received, dead } = this.#queue.receive({ messagesMax, ...rest });
    const ids = (messages: readonly QueuedMessage[]) => messages.map(({ message }) => message.id);
    const expected = this.#naive.receive({ messagesMax, ...rest });
    this.#note({ received: ids(received), dead: ids(dead) }, expected);
    for (const { message, receiveCount } of received) {
      this.#receipts.push({ messageId: message.id, receiveCount });
    }
  }

  #use(one: { delete: number } | { hide: number; ms: number }): void {
    const receipt = this.#receipts["delete" in one ? one.delete : one.hide];
    if (receipt === undefined) return;
    const { messageId, receiveCount } = receipt;
    if ("delete" in one) {
      this.#note(this.#queue.delete(receipt), this.#naive.delete(messageId, receiveCount));
    } else {
      const expected = this.#naive.hide(messageId, { receiveCount, ms: one.ms });
      this.#note(this.#queue.hide(receipt, one.ms), expected);
    }
  }

  #compare(): void {
    this.#queue.advance();
    this.#naive.advanceTo(this.#clock.epochMs());
    this.#note(this.#queue.counts(), this.#naive.counts());
    this.#note(this.#queue.nextVisibleAtMs, this.#naive.nextVisibleAtMs());
    this.#note(this.#ledger.bytes, this.#queue.bytes);
    this.#note(this.#queue.bytes === 0, this.#queue.size === 0);
  }

  #note(actual: unknown, expected: unknown): void {
    this.actual.push(actual);
    this.expected.push(expected);
  }
}

function queued({
  id,
  groupId,
  order,
  nowMs,
  delayMs = 0,
}: {
  id: string;
  groupId?: string;
  order: number;
  nowMs: number;
  delayMs?: number;
}): QueuedMessage {
  return {
    message: { id, body: "body", attributes: {}, sentMs: nowMs, enqueuedMs: nowMs, groupId },
    order,
    receiveCount: 0,
    visibleAtMs: nowMs + delayMs,
    isInFlight: false,
  };
}

describe("MessageQueue", () => {
  test.each([
    { kind: "standard", isFifo: false },
    { kind: "FIFO", isFifo: true },
  ])("for every list of operations, a $kind queue does what the naive one does", ({ isFifo }) => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const pair = new Pair(isFifo);
        for (const one of operations) pair.run(one);
        expect(pair.actual).toEqual(pair.expected);
      }),
      { numRuns: 400 },
    );
  });

  test("gives out no message more than consumers may have at a time, and goes on when one is deleted", () => {
    const clock = new VirtualClock(0);
    const ledger = { bytes: 0 };
    const queue = new MessageQueue({ isFifo: false, retentionMs: 1e9, clock, ledger });
    for (let order = 0; order <= IN_FLIGHT_MAX; order += 1) {
      queue.add(queued({ id: String(order), order, nowMs: 0 }));
    }
    const all = { messagesMax: IN_FLIGHT_MAX + 1, visibilityMs: 1000 };
    expect(queue.receive(all).received).toHaveLength(IN_FLIGHT_MAX);
    expect(queue.isInFlightFull).toBe(true);
    expect(queue.receive(all).received).toEqual([]);
    queue.delete({ messageId: "0", receiveCount: 1 });
    expect(queue.receive(all).received).toHaveLength(1);
  });

  test("does not hide a message for more than twelve hours after it was received", () => {
    const clock = new VirtualClock(0);
    const queue = new MessageQueue({
      isFifo: false,
      retentionMs: 1e9,
      clock,
      ledger: { bytes: 0 },
    });
    queue.add(queued({ id: "one", order: 1, nowMs: 0 }));
    queue.receive({ messagesMax: 1, visibilityMs: 1000 });
    clock.advanceMs(500);
    const receipt = { messageId: "one", receiveCount: 1 };
    const twelveHoursMs = 12 * 3600 * 1000;
    expect(queue.hide(receipt, twelveHoursMs - 500)).toBe("hidden");
    expect(queue.hide(receipt, twelveHoursMs - 499)).toBe("beyond_limit");
  });
});
