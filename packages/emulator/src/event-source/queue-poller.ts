import type { Timers } from "@pilotlight/core";

import type { CallResult, FunctionCaller } from "../function-caller.ts";
import type { Queues, ReceivedMessage } from "../sqs/contract.ts";
import {
  type Batch,
  batchEntry,
  type BatchEntry,
  batchPayload,
  EMPTY_BATCH,
  nextReceive,
  withEntry,
} from "./batch.ts";
import {
  type BatchOutcome,
  concurrencyRange,
  type ConcurrencyRange,
  GROWTH_INTERVAL_MS,
  grownLimit,
  limitAfter,
  throttleDelayMs,
} from "./batch-concurrency.ts";
import { batchResult, isAcknowledged } from "./batch-result.ts";
import { BusyGroups } from "./busy-groups.ts";
import type { MappingSettings } from "./mapping-record.ts";
import { recordFilter } from "./record-filter.ts";
import { sqsRecord } from "./sqs-record.ts";

/** How often a mapping looks whether its function and its queue are there, service time. */
const ABSENT_MS = 1_000;

interface PollerParts {
  readonly settings: MappingSettings;
  readonly queues: Queues;
  readonly functions: FunctionCaller;
  /** Service time. */
  readonly clock: Timers;
  /** Concurrent invocations of the account. */
  readonly concurrencyMax: number;
  readonly onError: (error: unknown) => void;
}

/** One run of the loop, from a start to a stop. */
interface Loop {
  isStopped: boolean;
  /** Ends the wait for messages. */
  interrupt: AbortController;
  /** Messages that were taken from the queue and are in no batch yet. */
  carry: BatchEntry[];
}

/**
 * Takes messages from a queue, in batches, to a function, and deletes those that the function has dealt with.
 *
 * Whatever is not deleted comes back when its visibility timeout ends: so nothing is lost, whether the function
 * fails, its environment crashes or the poller ends in between.
 */
export class QueuePoller {
  readonly #queues: Queues;
  readonly #functions: FunctionCaller;
  readonly #clock: Timers;
  readonly #accountMax: number;
  readonly #onError: (error: unknown) => void;
  readonly #batches = new Set<Promise<void>>();
  readonly #loops = new Set<Promise<void>>();
  readonly #busyGroups = new BusyGroups();
  readonly #wakers = new Set<() => void>();
  #settings: MappingSettings;
  #isWanted: ReturnType<typeof recordFilter>;
  #range: ConcurrencyRange;
  /** Batches that may run now. */
  #limit: number;
  #loop: Loop | undefined;

  constructor(parts: PollerParts) {
    this.#queues = parts.queues;
    this.#functions = parts.functions;
    this.#clock = parts.clock;
    this.#accountMax = parts.concurrencyMax;
    this.#onError = parts.onError;
    this.#settings = parts.settings;
    this.#isWanted = recordFilter(parts.settings.filterPatterns);
    this.#range = concurrencyRange(parts.settings, parts.concurrencyMax);
    this.#limit = this.#range.start;
  }

  /** Begins to take messages; a poller that does already is left as it is. */
  start(): void {
    if (this.#loop !== undefined) return;
    const loop: Loop = { isStopped: false, interrupt: new AbortController(), carry: [] };
    this.#loop = loop;
    this.#limit = this.#range.start;
    const done = this.#poll(loop)
      .catch(this.#onError)
      .finally(() => this.#loops.delete(done));
    this.#loops.add(done);
  }

  /** Takes no more messages and gives back those that are in no batch yet; running batches go on. */
  stop(): void {
    const loop = this.#loop;
    if (loop === undefined) return;
    this.#loop = undefined;
    loop.isStopped = true;
    this.#interrupt(loop);
  }

  /** Goes on with other settings; running batches end with those that they began with. */
  update(settings: MappingSettings): void {
    this.#settings = settings;
    this.#isWanted = recordFilter(settings.filterPatterns);
    this.#range = concurrencyRange(settings, this.#accountMax);
    this.#limit = Math.min(this.#limit, this.#range.max);
    if (this.#loop !== undefined) this.#interrupt(this.#loop);
  }

  /** Settles when a poller that was stopped has no batch left. */
  async ended(): Promise<void> {
    await Promise.all(this.#loops);
    await Promise.all(this.#batches);
  }

  async #poll(loop: Loop): Promise<void> {
    while (!loop.isStopped) {
      try {
        await this.#turn(loop);
      } catch (error) {
        this.#onError(error);
        await this.#wait(ABSENT_MS);
      }
    }
    this.#release(loop.carry);
  }

  async #turn(loop: Loop): Promise<void> {
    const { functionArn, queueArn } = this.#settings;
    const isReady =
      this.#functions.exists(functionArn) && this.#queues.find(queueArn) !== undefined;
    if (!isReady) {
      await this.#wait(ABSENT_MS);
    } else if (this.#batches.size >= this.#limit) {
      await this.#waitForRoom();
    } else {
      const batch = await this.#gather(loop);
      if (batch.entries.length > 0) this.#launch(batch);
    }
  }

  /** The next batch; an empty one when the queue has had no message, or the loop is interrupted. */
  async #gather(loop: Loop): Promise<Batch> {
    const settings = this.#settings;
    const { signal } = loop.interrupt;
    let batch = this.#fill(EMPTY_BATCH, { entries: loop.carry.splice(0), loop });
    for (;;) {
      const startMs = this.#clock.monotonicMs();
      const next = nextReceive(batch, { settings, nowMs: startMs });
      if (next === undefined || loop.carry.length > 0) return batch;
      const received = await this.#queues.receive(settings.queueArn, { ...next, signal });
      batch = this.#fill(batch, { entries: await this.#wanted(received), loop });
      if (signal.aborted) {
        loop.carry.unshift(...batch.entries);
        return EMPTY_BATCH;
      }
      if (received.length > 0) continue;
      if (batch.entries.length > 0) return batch;
      this.#limit = this.#range.start;
      // A queue that was deleted meanwhile does not let its receivers wait.
      if (this.#clock.monotonicMs() === startMs) await this.#wait(ABSENT_MS);
      return EMPTY_BATCH;
    }
  }

  /** The messages that go to the function; those that no filter matches are deleted. */
  async #wanted(messages: readonly ReceivedMessage[]): Promise<BatchEntry[]> {
    const { queueArn } = this.#settings;
    const visibleMs = (this.#queues.find(queueArn)?.visibilityTimeoutSec ?? 0) * 1_000;
    const visibleAgainMs = this.#clock.monotonicMs() + visibleMs;
    const entries: BatchEntry[] = [];
    for (const message of messages) {
      // Its group's batch has outlived the visibility timeout: the message stays hidden for one more.
      if (this.#busyGroups.has(message)) continue;
      if (this.#isWanted(sqsRecord(message, queueArn))) {
        entries.push(batchEntry(message, { queueArn, visibleAgainMs }));
      } else {
        await this.#queues.delete(queueArn, message.receiptHandle);
      }
    }
    return entries;
  }

  /**
   * Puts messages into a batch until it is full.
   *
   * The rest of a standard queue's messages begin the next batch. Those of a FIFO queue go back: the queue holds them
   * until what is before them in their group has been dealt with.
   */
  #fill(start: Batch, { entries, loop }: { entries: readonly BatchEntry[]; loop: Loop }): Batch {
    const nowMs = this.#clock.monotonicMs();
    const { batchSize, windowSec, isFifo } = this.#settings;
    let batch = start;
    for (const [index, entry] of entries.entries()) {
      // It was carried for too long, and may be in other hands.
      if (entry.visibleAgainMs <= nowMs) continue;
      const larger =
        batch.entries.length < batchSize
          ? withEntry(batch, entry, { nowMs, windowSec })
          : undefined;
      if (larger === undefined) {
        const rest = entries.slice(index);
        if (isFifo) this.#release(rest);
        else loop.carry.push(...rest);
        return batch;
      }
      batch = larger;
    }
    return batch;
  }

  #launch(batch: Batch): void {
    const settings = this.#settings;
    const running = this.#run(batch, settings)
      .catch(this.#onError)
      .finally(() => {
        this.#batches.delete(running);
        this.#wake();
      });
    this.#batches.add(running);
  }

  async #run(batch: Batch, settings: MappingSettings): Promise<void> {
    const result = await this.#call(batch, settings);
    if (result.kind === "unknown_function" || result.kind === "stopping") {
      // No function has seen the messages.
      this.#release(batch.entries);
    } else if (result.kind === "answered" && !result.outcome.isFunctionError) {
      this.#adapt("succeeded");
      await this.#acknowledge(batch, { payload: result.outcome.payload, settings });
    } else if (result.kind !== "throttled" && !settings.reportsFailures) {
      this.#adapt("failed");
    }
  }

  /** Calls the function, while no other batch of the same groups may be called. */
  async #call(batch: Batch, settings: MappingSettings): Promise<CallResult> {
    const messages = batch.entries.map(({ message }) => message);
    this.#busyGroups.add(messages);
    try {
      return await this.#attempts(batch, settings);
    } finally {
      // From here on the queue itself holds the groups back, until their messages are deleted or visible again.
      this.#busyGroups.remove(messages);
    }
  }

  /** Calls the function, again and again where it is throttled, until others can see the messages. */
  async #attempts(batch: Batch, { functionArn }: MappingSettings): Promise<CallResult> {
    const payload = batchPayload(batch);
    const visibleAgainMs = Math.min(...batch.entries.map((entry) => entry.visibleAgainMs));
    for (let throttles = 1; ; throttles += 1) {
      const result = await this.#functions.call({ functionArn, payload });
      if (result.kind !== "throttled") return result;
      this.#adapt("throttled");
      const remainingMs = visibleAgainMs - this.#clock.monotonicMs();
      const delayMs = throttleDelayMs(throttles, remainingMs);
      if (delayMs === undefined || !(await this.#outlasts(delayMs))) return result;
    }
  }

  async #acknowledge(
    { entries }: Batch,
    { payload, settings }: { payload: Uint8Array; settings: MappingSettings },
  ): Promise<void> {
    const result = settings.reportsFailures
      ? batchResult(payload, new Set(entries.map(({ message }) => message.messageId)))
      : ({ kind: "all" } as const);
    // One after the other, so that a FIFO queue never keeps an earlier message longer than a later one.
    for (const { message } of entries) {
      if (!isAcknowledged(result, message.messageId)) continue;
      await this.#queues.delete(settings.queueArn, message.receiptHandle);
    }
  }

  #adapt(outcome: BatchOutcome): void {
    this.#limit = limitAfter(outcome, { limit: this.#limit, range: this.#range });
  }

  /** Makes messages visible to others at once. */
  #release(entries: readonly BatchEntry[]): void {
    for (const { message } of entries) {
      this.#queues.changeVisibility(this.#settings.queueArn, message.receiptHandle, 0);
    }
  }

  async #waitForRoom(): Promise<void> {
    const canGrow = this.#limit < this.#range.max;
    const isOver = await this.#wait(canGrow ? GROWTH_INTERVAL_MS : undefined);
    if (isOver) this.#limit = grownLimit(this.#limit, this.#range);
  }

  /** @returns Whether the poller was not stopped for `ms`. */
  async #outlasts(ms: number): Promise<boolean> {
    const endMs = this.#clock.monotonicMs() + ms;
    while (this.#loop !== undefined) {
      const remainingMs = endMs - this.#clock.monotonicMs();
      if (remainingMs <= 0) return true;
      await this.#wait(remainingMs);
    }
    return false;
  }

  /**
   * Waits until a batch has ended or a loop is interrupted, but no longer than `ms` of service time.
   *
   * @returns Whether the time is over.
   */
  #wait(ms: number | undefined): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = ms === undefined ? () => undefined : this.#clock.after(ms, () => end(true));
    const wake = () => end(false);
    const end = (isOver: boolean) => {
      cancel();
      this.#wakers.delete(wake);
      resolve(isOver);
    };
    this.#wakers.add(wake);
    return promise;
  }

  #interrupt(loop: Loop): void {
    const { interrupt } = loop;
    loop.interrupt = new AbortController();
    interrupt.abort();
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
  }
}
