import type { Timers } from "@pilotlight/core";

import type { Deliveries } from "../delivery.ts";
import type { Notice } from "./records.ts";

/** Delay before the first repetition of a delivery; it doubles up to the largest. AWS does not document its own. */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;

/** A notice whose target takes nothing for so long is given up. AWS does not document its own. */
const AGE_MS_MAX = 86_400_000;

/** Deliveries at a time; the others wait for their turn. */
const DELIVERIES_MAX = 32;

interface NotifierOptions {
  readonly deliveries: Deliveries;
  /** Service time. */
  readonly clock: Timers;
  /** Called once for each notice that is over, delivered or given up. */
  readonly onSettled: (notice: Notice) => void;
  readonly onError: (error: unknown) => void;
}

/** Takes notices to their targets, again and again until they are there; the order is not promised. */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #waiting: { readonly notice: Notice; readonly attempt: number }[] = [];
  readonly #cancels = new Set<() => void>();
  readonly #inflight = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  take(notices: readonly Notice[]): void {
    for (const notice of notices) this.#waiting.push({ notice, attempt: 0 });
    this.#next();
  }

  /** Starts no delivery any more; settles when those that have started have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    await Promise.all(this.#inflight);
  }

  #next(): void {
    while (!this.#isStopped && this.#inflight.size < DELIVERIES_MAX) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      const delivery = this.#deliver(first.notice, first.attempt).finally(() => {
        this.#inflight.delete(delivery);
        this.#next();
      });
      this.#inflight.add(delivery);
    }
  }

  async #deliver(notice: Notice, attempt: number): Promise<void> {
    const reason = await this.#refusal(notice);
    if (reason === undefined) {
      this.#options.onSettled(notice);
      return;
    }
    if (this.#isStopped) return;
    const { clock, onSettled, onError } = this.#options;
    const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(attempt, 16));
    if (clock.epochMs() + delayMs - notice.createdMs > AGE_MS_MAX) {
      onSettled(notice);
      onError(new Error(`an S3 notification for ${notice.target} is given up: ${reason}`));
      return;
    }
    const cancel = clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      this.#waiting.push({ notice, attempt: attempt + 1 });
      this.#next();
    });
    this.#cancels.add(cancel);
  }

  /** @returns Why the target has not taken the notice; `undefined` when it has. */
  async #refusal({ target, body, event, traceId }: Notice): Promise<string | undefined> {
    const { deliveries, onError } = this.#options;
    if (!deliveries.exists(target)) return "it does not exist";
    try {
      const result = await deliveries.deliver(target, {
        body,
        ...(event !== undefined && { event: { ...event, source: "aws.s3" } }),
        ...(traceId !== undefined && { traceId }),
      });
      return result.kind === "delivered" ? undefined : result.reason;
    } catch (error) {
      onError(error);
      return error instanceof Error ? error.message : String(error);
    }
  }
}
