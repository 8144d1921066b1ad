import { PilotlightError, type Timers } from "@pilotlight/core";

import type { Deliveries, Delivery, DeliveryAttribute } from "../delivery.ts";

/** How long and how often a delivery is tried again. */
export interface RetryPolicy {
  readonly eventAgeSecMax: number;
  /** Beside the first attempt. */
  readonly retriesMax: number;
}

/**
 * What both EventBridge and Scheduler do where nothing else is said, read 2026-11-24.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
export const DEFAULT_RETRY_POLICY: RetryPolicy = { eventAgeSecMax: 86_400, retriesMax: 185 };

/** AWS says only that delays grow exponentially. */
const RETRY_DELAY_MS_MIN = 1_000;
const RETRY_DELAY_MS_MAX = 600_000;

/** Deliveries that wait for their next attempt; one more is given up at once. */
const WAITING_MAX = 10_000;

/** Why a delivery is given up; the names are those of a dead-letter message's attribute. */
type ExhaustedCondition = "MaximumRetryAttempts" | "MaximumEventAgeInSeconds";

/** Where a message came from, and other attributes of it. */
interface DeadLetterAttributes extends Readonly<Record<string, string>> {
  readonly RULE_ARN?: string;
  readonly SCHEDULE_ARN?: string;
}

/** One message and what becomes of it when its target does not take it. */
export interface PlannedDelivery {
  readonly targetArn: string;
  /** The message, by the number of the attempt, which counts from 1. */
  readonly message: (attempt: number) => Delivery;
  readonly retryPolicy: RetryPolicy;
  /** The queue for what is given up. */
  readonly deadLetterArn: string | undefined;
  /** Attributes of a dead-letter message beside those that every one has. */
  readonly deadLetterAttributes: DeadLetterAttributes;
}

/** How far a delivery has come. */
interface DeliveryHistory {
  /** Attempts that failed. */
  readonly failures: number;
  /** Service time since the first attempt. */
  readonly ageMs: number;
}

/** When a delivery is tried again, or why it is not. */
export function nextAttempt(
  { failures, ageMs }: DeliveryHistory,
  { retriesMax, eventAgeSecMax }: RetryPolicy,
): { readonly delayMs: number } | { readonly exhausted: ExhaustedCondition } {
  if (failures > retriesMax) return { exhausted: "MaximumRetryAttempts" };
  const delayMs = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN * 2 ** (failures - 1));
  if (ageMs + delayMs > eventAgeSecMax * 1_000) return { exhausted: "MaximumEventAgeInSeconds" };
  return { delayMs };
}

interface Failure {
  readonly code: string;
  readonly reason: string;
  readonly retries: number;
  readonly exhausted: ExhaustedCondition | undefined;
}

interface PersistentDeliveriesOptions {
  readonly clock: Timers;
  readonly deliveries: Deliveries;
  /** Told of every message that is dropped, and of what else goes wrong. */
  readonly onError: (error: unknown) => void;
}

/** Delivers with retries on the service clock, and puts what is given up into a dead-letter queue. */
export class PersistentDeliveries {
  readonly #options: PersistentDeliveriesOptions;
  readonly #waiting = new Set<() => void>();
  #isStopped = false;

  constructor(options: PersistentDeliveriesOptions) {
    this.#options = options;
  }

  /** Starts a delivery; it goes on by itself. */
  send(planned: PlannedDelivery): void {
    this.#try(planned, { failures: 0, sinceMs: this.#options.clock.monotonicMs() });
  }

  /** Tries nothing again. @returns How many deliveries are lost by that. */
  stop(): number {
    this.#isStopped = true;
    const lost = this.#waiting.size;
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
    return lost;
  }

  #try(planned: PlannedDelivery, progress: { failures: number; sinceMs: number }): void {
    this.#attempt(planned, progress).catch(this.#options.onError);
  }

  async #attempt(
    planned: PlannedDelivery,
    { failures, sinceMs }: { failures: number; sinceMs: number },
  ): Promise<void> {
    const { clock, deliveries } = this.#options;
    if (!deliveries.exists(planned.targetArn)) {
      // What is not there will not come by waiting: AWS does not retry it.
      const reason = "the target does not exist.";
      const failure = { code: "NO_RESOURCE", reason, retries: failures, exhausted: undefined };
      return this.#giveUp(planned, failure);
    }
    const result = await deliveries.deliver(planned.targetArn, planned.message(failures + 1));
    if (result.kind === "delivered" || this.#isStopped) return;
    const history = { failures: failures + 1, ageMs: clock.monotonicMs() - sinceMs };
    const next = nextAttempt(history, planned.retryPolicy);
    if ("delayMs" in next && this.#waiting.size < WAITING_MAX) {
      const cancel = clock.after(next.delayMs, () => {
        this.#waiting.delete(cancel);
        this.#try(planned, { failures: failures + 1, sinceMs });
      });
      this.#waiting.add(cancel);
      return;
    }
    await this.#giveUp(planned, {
      code: "ERROR_FROM_TARGET",
      reason: result.reason,
      retries: failures,
      exhausted: "exhausted" in next ? next.exhausted : undefined,
    });
  }

  async #giveUp(planned: PlannedDelivery, failure: Failure): Promise<void> {
    const { deadLetterArn, deadLetterAttributes, targetArn } = planned;
    if (deadLetterArn === undefined) {
      this.#drop(
        planned,
        `${failure.reason} Give its target a dead-letter queue to keep such messages.`,
      );
      return;
    }
    const { body } = planned.message(failure.retries + 1);
    const result = await this.#options.deliveries.deliver(deadLetterArn, {
      body,
      attributes: textAttributes({
        ...deadLetterAttributes,
        TARGET_ARN: targetArn,
        ERROR_CODE: failure.code,
        ERROR_MESSAGE: failure.reason,
        RETRY_ATTEMPTS: String(failure.retries),
        ...(failure.exhausted !== undefined && { EXHAUSTED_RETRY_CONDITION: failure.exhausted }),
      }),
    });
    if (result.kind === "refused") {
      this.#drop(
        planned,
        `${failure.reason} Its dead-letter queue ${deadLetterArn}: ${result.reason}`,
      );
    }
  }

  /** Nothing is lost without a word. */
  #drop({ targetArn, deadLetterAttributes }: PlannedDelivery, reason: string): void {
    const { RULE_ARN, SCHEDULE_ARN } = deadLetterAttributes;
    const from = RULE_ARN ?? SCHEDULE_ARN ?? "a rule";
    this.#options.onError(
      new PilotlightError(
        "ERR_EVENT_DROPPED",
        `a message of ${from} for ${targetArn} was dropped: ${reason}`,
      ),
    );
  }
}

function textAttributes(
  texts: Readonly<Record<string, string>>,
): Readonly<Record<string, DeliveryAttribute>> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, stringValue]) => [name, { dataType: "String", stringValue }]),
  );
}
