/** How one attempt at an asynchronous event ended. */
export type EventAttempt = "succeeded" | "failed" | "throttled";

/** An event's history so far, this attempt included. */
export interface EventHistory {
  /** Times that the function ran and failed. */
  readonly failures: number;
  /** Throttles in a row. */
  readonly throttles: number;
  /** Service time since the event was accepted. */
  readonly ageMs: number;
}

/**
 * The quotas of asynchronous invocation, read 2026-11-24.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const FAILURE_DELAYS_MS = [60_000, 120_000] as const;
const THROTTLE_DELAY_MS_MIN = 1_000;
const THROTTLE_DELAY_MS_MAX = 300_000;
const EVENT_AGE_MS_MAX = 21_600_000;

/**
 * When an event is tried again, or `undefined` when it is given up.
 *
 * A function error is retried after one minute and again after two more. A throttle is retried after one
 * second, twice as long each time up to five minutes. No retry is planned beyond the event's largest age.
 *
 * @returns Service time until the next attempt, milliseconds.
 */
export function retryDelayMs(
  attempt: EventAttempt,
  { failures, throttles, ageMs }: EventHistory,
): number | undefined {
  if (attempt === "succeeded") return undefined;
  const delayMs =
    attempt === "failed"
      ? FAILURE_DELAYS_MS[failures - 1]
      : Math.min(THROTTLE_DELAY_MS_MAX, THROTTLE_DELAY_MS_MIN * 2 ** (throttles - 1));
  if (delayMs === undefined) return undefined;
  return ageMs + delayMs > EVENT_AGE_MS_MAX ? undefined : delayMs;
}
