import { Cron } from "croner";

interface Field {
  readonly pattern: RegExp;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");

/**
 * What each field may hold, in the order in which they are written.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based, read 2026-11-24
 */
const FIELDS: readonly Field[] = [
  { pattern: /^[\d,\-*/]+$/, min: 0, max: 59, names: [] },
  { pattern: /^[\d,\-*/]+$/, min: 0, max: 23, names: [] },
  { pattern: /^(?:\?|[\d,\-*/LW]+)$/, min: 1, max: 31, names: [] },
  { pattern: /^[\dA-Z,\-*/]+$/, min: 1, max: 12, names: MONTHS },
  { pattern: /^(?:\?|[\dA-Z,\-*/#]+)$/, min: 1, max: 7, names: DAYS },
  { pattern: /^[\d,\-*/]+$/, min: 1970, max: 2199, names: [] },
];

/** Local times that a `cron(…)` expression names. */
export interface CronPattern {
  /**
   * The first one after `localMs`.
   *
   * @returns Both are local times as if they were UTC, milliseconds; `undefined` where there is none.
   */
  next(localMs: number): number | undefined;
}

/**
 * Reads the six fields of a `cron(…)` expression: minutes, hours, day of month, month, day of week, year.
 *
 * Exactly one of the two days is `?`. Days of the week run from 1 (SUN) to 7.
 *
 * @returns `undefined` where AWS refuses the expression.
 */
export function parseCron(text: string): CronPattern | undefined {
  const fields = text.trim().toUpperCase().split(/\s+/);
  if (fields.length !== FIELDS.length) return undefined;
  if ((fields[2] === "?") === (fields[4] === "?")) return undefined;
  const read = FIELDS.map((field, index) => readField(fields[index] ?? "", field));
  if (read.includes(undefined)) return undefined;
  try {
    const pattern = new Cron(`0 ${read.join(" ")}`, {
      mode: "7-part",
      paused: true,
      // The library works on local times as if they were UTC; zoned-time.ts knows what clocks do.
      timezone: "UTC",
      alternativeWeekdays: true,
      sloppyRanges: true,
      domAndDow: true,
    });
    return { next: (localMs) => pattern.nextRun(new Date(localMs))?.getTime() };
  } catch {
    // The library throws for every pattern that it does not read, and AWS refuses those too.
    return undefined;
  }
}

/** @returns The field as the library reads it, or `undefined` where it is not well-formed. */
function readField(text: string, field: Field): string | undefined {
  if (!field.pattern.test(text)) return undefined;
  if (text === "?") return "*";
  const items = text.split(",").map((item) => readItem(item, field));
  return items.includes(undefined) ? undefined : items.join(",");
}

function readItem(item: string, { min, max, names }: Field): string | undefined {
  // The last day of the week is Saturday; the library has the letter for the last day of the month only.
  if (item === "L" && names === DAYS) return String(max);
  const numeric = item.replaceAll(/[A-Z]{3}/g, (name) => {
    const index = names.indexOf(name);
    return index < 0 ? name : String(index + min);
  });
  const numbers = numeric.split(/[/#]/)[0]?.match(/\d+/g) ?? [];
  if (numbers.some((number) => Number(number) < min || Number(number) > max)) return undefined;
  const range = /^(\d+)-(\d+)$/.exec(numeric);
  if (range === null || Number(range[1]) <= Number(range[2])) return numeric;
  // FRI-MON goes over the end.
  return `${range[1]}-${max},${min}-${range[2]}`;
}
