import type { EventAttempt, EventCondition } from "./event.ts";

/** An event's history so far, the last attempt included. */
export interface EventHistory {
  /** Times that the function ran and failed. */
  readonly failures: number;
  /** Attempts in a row that did not reach the function. */
  readonly postponements: number;
  /** Service time since the event was accepted. */
  readonly ageMs: number;
}

/** What the function's owner allows: EventInvokeConfig, or the defaults. */
export interface EventLimits {
  /** Retries after a function error. */
  readonly retriesMax: number;
  readonly ageMsMax: number;
}

/** What is to be done with an event after an attempt that did not succeed. */
export type NextStep =
  | { readonly kind: "retry"; readonly delayMs: number }
  | { readonly kind: "give_up"; readonly condition: Exclude<EventCondition, "Success"> };

/**
 * The quotas of asynchronous invocation, read 2026-11-24.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const FAILURE_DELAYS_MS = [60_000, 120_000] as const;
const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 300_000;
export const DEFAULT_LIMITS: EventLimits = {
  retriesMax: FAILURE_DELAYS_MS.length,
  ageMsMax: 21_600_000,
};

/** One second after the first of `count` attempts in a row, twice as long each time up to five minutes. */
export function backoffMs(count: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (count - 1));
}

/**
 * What becomes of an event whose attempt did not succeed.
 *
 * A function error is retried after one minute and again after two more, as often as the limits allow. A throttle, an
 * error of the system and a function that does not exist are retried after one second, twice as long each time up to
 * five minutes. Where the next attempt would come after the event's largest age, it is given up at once; where the
 * function's reserved concurrency is zero, too.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html, read 2026-11-24; giving up
 *   ahead of the age was recorded on AWS 2025-11-27.
 */
export function nextStep(
  attempt: Exclude<EventAttempt, { readonly kind: "succeeded" | "stopping" }>,
  { failures, postponements, ageMs }: EventHistory,
  { retriesMax, ageMsMax }: EventLimits,
): NextStep {
  if (attempt.kind === "throttled" && attempt.isReservedZero) {
    return { kind: "give_up", condition: "ZeroReservedConcurrency" };
  }
  const hasFailed = attempt.kind === "failed";
  if (hasFailed && failures > retriesMax) return { kind: "give_up", condition: "RetriesExhausted" };
  const delayMs = hasFailed ? FAILURE_DELAYS_MS[failures - 1] : backoffMs(postponements);
  if (delayMs === undefined) return { kind: "give_up", condition: "RetriesExhausted" };
  if (ageMs + delayMs > ageMsMax) return { kind: "give_up", condition: "EventAgeExceeded" };
  return { kind: "retry", delayMs };
}
