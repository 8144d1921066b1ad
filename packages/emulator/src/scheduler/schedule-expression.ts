import { type CronPattern, parseCron } from "./cron.ts";
import { epochMsOf, localMsOf } from "./zoned-time.ts";

/** When something happens: again and again at a rate, at the times of a pattern, or once. */
export type ScheduleExpression =
  | { readonly kind: "rate"; readonly periodMs: number }
  | { readonly kind: "cron"; readonly pattern: CronPattern }
  /** A local time as if it were UTC. */
  | { readonly kind: "at"; readonly localMs: number };

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

const RATE_PATTERN = /^rate\((\d{1,9})\s+(minute|hour|day)(s?)\)$/;
const CRON_PATTERN = /^cron\((.*)\)$/;
const AT_PATTERN = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/;

/** A pattern may name times that clocks skip; a year has fewer of them. */
const SKIPPED_MAX = 2_000;

/**
 * Reads a schedule expression of EventBridge Scheduler.
 *
 * @returns `undefined` where AWS refuses it.
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html, read 2026-11-24
 */
export function parseScheduleExpression(text: string): ScheduleExpression | undefined {
  const [, fields] = CRON_PATTERN.exec(text) ?? [];
  if (fields !== undefined) {
    const pattern = parseCron(fields);
    return pattern === undefined ? undefined : { kind: "cron", pattern };
  }
  const [, localTime] = AT_PATTERN.exec(text) ?? [];
  return localTime === undefined ? parseRate(text) : parseAt(localTime);
}

/**
 * Reads the schedule expression of an EventBridge rule: as Scheduler's, but there is no `at(…)`, and a rate says
 * `1 minute` and `2 minutes`.
 *
 * @returns `undefined` where AWS refuses it.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html, read 2026-11-24
 */
export function parseRuleExpression(text: string): ScheduleExpression | undefined {
  const [, value, , plural] = RATE_PATTERN.exec(text) ?? [];
  if (value !== undefined && (Number(value) === 1) !== (plural === "")) return undefined;
  const expression = parseScheduleExpression(text);
  return expression?.kind === "at" ? undefined : expression;
}

export interface OccurrenceOptions {
  /** Only what comes later counts. */
  readonly afterMs: number;
  /** Where a rate starts to count; its first occurrence. */
  readonly anchorMs: number;
  readonly timeZone: string;
}

/**
 * The first time that an expression names after `afterMs`.
 *
 * A local time that clocks skip is skipped, and one that occurs twice counts once, the first time.
 *
 * @returns Epoch milliseconds, or `undefined` where there is none.
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time, read 2026-11-24
 */
export function nextOccurrence(
  expression: ScheduleExpression,
  { afterMs, anchorMs, timeZone }: OccurrenceOptions,
): number | undefined {
  if (expression.kind === "rate") {
    if (anchorMs > afterMs) return anchorMs;
    const { periodMs } = expression;
    return anchorMs + (Math.floor((afterMs - anchorMs) / periodMs) + 1) * periodMs;
  }
  if (expression.kind === "at") {
    const epochMs = epochMsOf(expression.localMs, timeZone);
    return epochMs === undefined || epochMs <= afterMs ? undefined : epochMs;
  }
  let localMs = localMsOf(afterMs, timeZone);
  for (let skipped = 0; skipped < SKIPPED_MAX; skipped += 1) {
    const next = expression.pattern.next(localMs);
    if (next === undefined) return undefined;
    const epochMs = epochMsOf(next, timeZone);
    if (epochMs !== undefined && epochMs > afterMs) return epochMs;
    localMs = next;
  }
  return undefined;
}

function parseRate(text: string): ScheduleExpression | undefined {
  const [, value, unit] = RATE_PATTERN.exec(text) ?? [];
  if (value === undefined || unit === undefined || Number(value) === 0) return undefined;
  return { kind: "rate", periodMs: Number(value) * UNIT_MS[unit as keyof typeof UNIT_MS] };
}

function parseAt(localTime: string): ScheduleExpression | undefined {
  const date = new Date(`${localTime}Z`);
  const localMs = date.getTime();
  // Date takes 31 February for 3 March.
  if (Number.isNaN(localMs) || date.toISOString().slice(0, 19) !== localTime) return undefined;
  return { kind: "at", localMs };
}
