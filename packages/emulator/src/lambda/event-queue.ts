import type { Timers } from "@pilotlight/core";

import { type EventAttempt, retryDelayMs } from "./event-retry.ts";
import type { FunctionReference } from "./names.ts";

/** An asynchronous invocation that was accepted with 202. */
export interface QueuedEvent {
  readonly requestId: string;
  readonly reference: FunctionReference;
  readonly payload: Uint8Array;
  readonly contentType: string | undefined;
  readonly traceId: string | undefined;
}

/** Events that wait, run or will be retried; AWS has no such bound that a caller meets. */
const EVENTS_MAX = 10_000;
const PAYLOAD_BYTES_MAX = 268_435_456;

/** Events of one function that run at the same time: a burst of events must not start a process for each. */
const RUNNING_MAX = 8;

interface Entry {
  readonly event: QueuedEvent;
  readonly acceptedMs: number;
  failures: number;
  throttles: number;
}

/** The events of one function that are due, in the order of arrival. */
interface Lane {
  readonly due: Entry[];
  running: number;
}

interface EventQueueOptions {
  readonly clock: Timers;
  /** Runs one attempt; it never rejects. */
  readonly run: (event: QueuedEvent) => Promise<EventAttempt>;
}

/** The internal queue of asynchronous invocation: order of arrival, retries with the same request id. */
export class EventQueue {
  readonly #clock: Timers;
  readonly #run: (event: QueuedEvent) => Promise<EventAttempt>;
  readonly #lanes = new Map<string, Lane>();
  readonly #delayed = new Set<() => void>();
  #pending = 0;
  #pendingBytes = 0;
  #isStopped = false;

  constructor({ clock, run }: EventQueueOptions) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Events that are not finished. */
  get pending(): number {
    return this.#pending;
  }

  /** @returns Whether the event was taken; a full queue refuses it. */
  accept(event: QueuedEvent): boolean {
    const bytes = this.#pendingBytes + event.payload.byteLength;
    if (this.#isStopped || this.#pending >= EVENTS_MAX || bytes > PAYLOAD_BYTES_MAX) return false;
    this.#pending += 1;
    this.#pendingBytes = bytes;
    this.#enqueue({ event, acceptedMs: this.#clock.monotonicMs(), failures: 0, throttles: 0 });
    return true;
  }

  /**
   * Starts no further attempt.
   *
   * @returns How many events were not finished: they are lost.
   */
  stop(): number {
    this.#isStopped = true;
    for (const cancel of this.#delayed) cancel();
    this.#delayed.clear();
    return this.#pending;
  }

  #enqueue(entry: Entry): void {
    const { name } = entry.event.reference;
    const lane = this.#lanes.get(name) ?? { due: [], running: 0 };
    this.#lanes.set(name, lane);
    lane.due.push(entry);
    this.#advance(name, lane);
  }

  #advance(name: string, lane: Lane): void {
    while (!this.#isStopped && lane.running < RUNNING_MAX) {
      const entry = lane.due.shift();
      if (entry === undefined) break;
      lane.running += 1;
      void this.#attempt(entry, { name, lane });
    }
    if (lane.due.length === 0 && lane.running === 0) this.#lanes.delete(name);
  }

  async #attempt(entry: Entry, { name, lane }: { name: string; lane: Lane }): Promise<void> {
    const attempt = await this.#run(entry.event);
    lane.running -= 1;
    entry.failures += attempt === "failed" ? 1 : 0;
    entry.throttles = attempt === "throttled" ? entry.throttles + 1 : 0;
    if (!this.#isStopped) this.#plan(entry, attempt);
    this.#advance(name, lane);
  }

  #plan(entry: Entry, attempt: EventAttempt): void {
    const delayMs = retryDelayMs(attempt, {
      failures: entry.failures,
      throttles: entry.throttles,
      ageMs: this.#clock.monotonicMs() - entry.acceptedMs,
    });
    if (delayMs === undefined) {
      this.#pending -= 1;
      this.#pendingBytes -= entry.event.payload.byteLength;
      return;
    }
    const cancel = this.#clock.after(delayMs, () => {
      this.#delayed.delete(cancel);
      this.#enqueue(entry);
    });
    this.#delayed.add(cancel);
  }
}
