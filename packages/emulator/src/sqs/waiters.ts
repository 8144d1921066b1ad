import type { Timers } from "@pilotlight/core";

import type { QueuedMessage } from "./message.ts";

/** A consumer that waits for the first message. */
export interface Waiter {
  readonly messagesMax: number;
  readonly visibilityMs: number | undefined;
}

interface Waiting extends Waiter {
  readonly settle: (received: readonly QueuedMessage[]) => void;
}

interface WaitOptions extends Waiter {
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The consumers that wait at one queue, in the order in which they have come. */
export class Waiters {
  readonly #waiting = new Set<Waiting>();
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Waits until {@link Waiters.serve} has messages for this consumer, and no longer than it wants to. */
  wait(options: WaitOptions): Promise<readonly QueuedMessage[]> {
    if (options.signal?.aborted === true) return Promise.resolve([]);
    const { promise, resolve } = Promise.withResolvers<readonly QueuedMessage[]>();
    const end = (): void => waiting.settle([]);
    const cancel = this.#timers.after(options.waitMs, end);
    const waiting: Waiting = {
      messagesMax: options.messagesMax,
      visibilityMs: options.visibilityMs,
      settle: (received) => {
        cancel();
        options.signal?.removeEventListener("abort", end);
        this.#waiting.delete(waiting);
        resolve(received);
      },
    };
    options.signal?.addEventListener("abort", end, { once: true });
    this.#waiting.add(waiting);
    return promise;
  }

  /** Gives messages to one after the other, as long as there are some. */
  serve(receive: (waiter: Waiter) => readonly QueuedMessage[]): void {
    for (const waiting of this.#waiting) {
      const received = receive(waiting);
      if (received.length === 0) return;
      waiting.settle(received);
    }
  }

  /** Ends every wait with nothing. */
  end(): void {
    for (const waiting of this.#waiting) waiting.settle([]);
  }
}
