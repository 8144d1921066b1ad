import type { MappingSettings } from "./mapping-record.ts";

/**
 * How many batches of a mapping run at once, read 2026-11-24.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const BATCHES_AT_START = 5;
const BATCHES_MAX = 1_250;
const BATCHES_PER_POLLER = 10;

/** 300 more batches a minute, one after the other. */
export const GROWTH_INTERVAL_MS = 60_000 / 300;

/** Between which numbers the concurrency of a mapping moves. */
export interface ConcurrencyRange {
  readonly start: number;
  readonly max: number;
}

/** How a batch ended, as far as the concurrency is concerned. */
export type BatchOutcome = "succeeded" | "failed" | "throttled";

/** @param accountMax - Concurrent invocations of the account: more batches would only be throttled. */
export function concurrencyRange(
  { concurrencyMax, pollers }: Pick<MappingSettings, "concurrencyMax" | "pollers">,
  accountMax: number,
): ConcurrencyRange {
  const max = Math.max(
    1,
    Math.min(
      accountMax,
      pollers === undefined
        ? (concurrencyMax ?? BATCHES_MAX)
        : pollers.maximum * BATCHES_PER_POLLER,
    ),
  );
  const start = pollers === undefined ? BATCHES_AT_START : pollers.minimum * BATCHES_PER_POLLER;
  return { start: Math.min(start, max), max };
}

/** The limit after {@link GROWTH_INTERVAL_MS} in which every batch was in use. */
export function grownLimit(limit: number, { max }: ConcurrencyRange): number {
  return Math.min(max, limit + 1);
}

/**
 * The limit after a batch has ended.
 *
 * AWS says that Lambda backs off gradually when invocations fail or are throttled, and not how: here the limit is
 * halved, and each success takes it one step back to where it started.
 */
export function limitAfter(
  outcome: BatchOutcome,
  { limit, range }: { limit: number; range: ConcurrencyRange },
): number {
  if (outcome !== "succeeded") return Math.max(1, Math.floor(limit / 2));
  return Math.min(range.max, limit < range.start ? limit + 1 : limit);
}

/** Of a batch that is throttled and tried again: AWS documents none, so it is that of asynchronous events. */
const THROTTLE_DELAY_MS_MIN = 1_000;
const THROTTLE_DELAY_MS_MAX = 300_000;

/**
 * When a throttled batch is tried again, or `undefined` where its messages are visible again by then.
 *
 * @param throttles - In a row, this one included.
 * @param remainingMs - Service time until the messages are visible again.
 */
export function throttleDelayMs(throttles: number, remainingMs: number): number | undefined {
  const delayMs = Math.min(THROTTLE_DELAY_MS_MAX, THROTTLE_DELAY_MS_MIN * 2 ** (throttles - 1));
  return delayMs < remainingMs ? delayMs : undefined;
}
