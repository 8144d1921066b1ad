import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  nextOccurrence,
  parseRuleExpression,
  parseScheduleExpression,
} from "./schedule-expression.ts";
import { localMsOf } from "./zoned-time.ts";

const MINUTE_MS = 60_000;

/** The first times of an expression after a time, as ISO 8601 has them without seconds. */
function times(
  text: string,
  { after, timeZone = "UTC", count = 3 }: { after: string; timeZone?: string; count?: number },
): string[] {
  const expression = parseScheduleExpression(text);
  const found: string[] = [];
  if (expression === undefined) throw new Error(`${text} is not well-formed`);
  let afterMs = Date.parse(after);
  while (found.length < count) {
    const next = nextOccurrence(expression, { afterMs, anchorMs: afterMs, timeZone });
    if (next === undefined) break;
    found.push(new Date(next).toISOString().slice(0, 16));
    afterMs = next;
  }
  return found;
}

describe("parseScheduleExpression", () => {
  test.each([
    "rate(1 minutes)",
    "rate(5 hours)",
    "cron(0/15 * * * ? *)",
    "cron(0 10 * * ? 2026-2028)",
    "cron(0 9 ? JAN-MAR 6#3 *)",
    "cron(0 9 LW * ? *)",
    "cron(0 9 15W * ? *)",
    "cron(0 9 ? * FRIL *)",
    "at(2026-12-31T23:59:59)",
  ])("reads %s", (text) => {
    expect(parseScheduleExpression(text)).toBeDefined();
  });

  test.each([
    "",
    "rate(0 minutes)",
    "rate(-1 minutes)",
    "rate(1.5 hours)",
    "rate( 1 hour)",
    " rate(1 hour)",
    "rate(1 week)",
    "every(1 hour)",
    "cron(* * * * *)",
    "cron(0 9 ? * ? *)",
    "cron(0 9 1 * 2 *)",
    "cron(? 9 1 * ? *)",
    "cron(60 9 1 * ? *)",
    "cron(0 24 1 * ? *)",
    "cron(0 9 32 * ? *)",
    "cron(0 9 0 * ? *)",
    "cron(0 9 1 13 ? *)",
    "cron(0 9 ? * 8 *)",
    "cron(0 9 ? * 0 *)",
    "cron(0 9 1 * ? 1969)",
    "cron(0 9 1 * ? 2200)",
    "cron(@daily)",
    "at(2026-12-31)",
    "at(2026-12-31T23:59:59Z)",
    "at(2026-02-29T00:00:00)",
    "at(2026-12-31T24:00:00)",
    "at(2026-12-31 23:59:59)",
  ])("refuses %s", (text) => {
    expect(parseScheduleExpression(text)).toBeUndefined();
  });
});

describe("parseRuleExpression", () => {
  test.each(["rate(1 minute)", "rate(2 minutes)", "cron(0 9 * * ? *)"])("reads %s", (text) => {
    expect(parseRuleExpression(text)).toBeDefined();
  });

  test.each(["rate(1 minutes)", "rate(2 minute)", "at(2026-12-31T23:59:59)"])(
    "refuses %s",
    (text) => {
      expect(parseRuleExpression(text)).toBeUndefined();
    },
  );
});

describe("nextOccurrence", () => {
  test("counts weekdays from Sunday, and knows the last and the n-th of a month", () => {
    const after = "2026-11-24T12:00:00Z";
    expect(times("cron(0 9 ? * 2 *)", { after, count: 1 })).toEqual(["2026-11-30T09:00"]);
    expect(times("cron(0 9 ? * 6L *)", { after, count: 2 })).toEqual([
      "2026-11-27T09:00",
      "2026-12-25T09:00",
    ]);
    expect(times("cron(0 9 ? * 6#3 *)", { after, count: 1 })).toEqual(["2026-12-18T09:00"]);
    expect(times("cron(0 9 ? * L *)", { after, count: 1 })).toEqual(["2026-11-28T09:00"]);
    // 31 January 2027 is a Sunday.
    expect(times("cron(0 9 LW 1 ? *)", { after, count: 1 })).toEqual(["2027-01-29T09:00"]);
  });

  test("takes ranges over the end of the week, the day and the year", () => {
    const after = "2026-11-24T12:00:00Z";
    expect(times("cron(0 9 ? * SAT-MON *)", { after })).toEqual([
      "2026-11-28T09:00",
      "2026-11-29T09:00",
      "2026-11-30T09:00",
    ]);
    expect(times("cron(0 23-1 * * ? *)", { after })).toEqual([
      "2026-11-24T23:00",
      "2026-11-25T00:00",
      "2026-11-25T01:00",
    ]);
    expect(times("cron(0 0 1 DEC-JAN ? *)", { after })).toEqual([
      "2026-12-01T00:00",
      "2027-01-01T00:00",
      "2027-12-01T00:00",
    ]);
  });

  test("skips a local time that clocks skip", () => {
    // Clocks in Berlin go from 02:00 to 03:00 on 28 March 2027.
    expect(
      times("cron(30 2 * * ? *)", { after: "2027-03-27T00:00:00Z", timeZone: "Europe/Berlin" }),
    ).toEqual(["2027-03-27T01:30", "2027-03-29T00:30", "2027-03-30T00:30"]);
    expect(
      times("at(2027-03-28T02:30:00)", {
        after: "2027-03-27T00:00:00Z",
        timeZone: "Europe/Berlin",
      }),
    ).toEqual([]);
  });

  test("runs once at a local time that occurs twice", () => {
    // Clocks in Berlin go from 03:00 back to 02:00 on 25 October 2026, which is 01:00 UTC.
    expect(
      times("cron(0/30 * * * ? *)", { after: "2026-10-24T23:59:00Z", timeZone: "Europe/Berlin" }),
    ).toEqual(["2026-10-25T00:00", "2026-10-25T00:30", "2026-10-25T02:00"]);
    expect(
      times("cron(30 2 * * ? *)", { after: "2026-10-25T01:00:00Z", timeZone: "Europe/Berlin" }),
    ).toEqual(["2026-10-26T01:30", "2026-10-27T01:30", "2026-10-28T01:30"]);
  });

  test("has an end where the pattern has one", () => {
    const after = "2026-12-30T12:00:00Z";
    expect(times("cron(0 0 ? * THU 2026)", { after })).toEqual(["2026-12-31T00:00"]);
    expect(times("cron(0 0 31 2 ? *)", { after })).toEqual([]);
  });

  test("for every rate, gives whole periods from the anchor, the first after the time", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.nat(10 ** 9),
        fc.nat(10 ** 9),
        (minutes, anchorMs, afterMs) => {
          const periodMs = minutes * MINUTE_MS;
          const options = { afterMs, anchorMs, timeZone: "UTC" };
          const next = nextOccurrence({ kind: "rate", periodMs }, options) ?? 0;
          expect(next).toBeGreaterThan(afterMs);
          expect(next).toBeGreaterThanOrEqual(anchorMs);
          expect((next - anchorMs) % periodMs).toBe(0);
          expect(next === anchorMs || next - periodMs <= afterMs).toBe(true);
        },
      ),
    );
  });

  test("for every daily time and zone, shows that time on the clocks there, within two days", () => {
    const zones = [
      "UTC",
      "Europe/Berlin",
      "America/New_York",
      "Australia/Lord_Howe",
      "Asia/Kolkata",
    ];
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 0, max: 23 }),
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2028, 0) }),
        (...[minute, hour, timeZone, afterMs]) => {
          const expression = parseScheduleExpression(`cron(${minute} ${hour} * * ? *)`);
          if (expression === undefined) throw new Error("the expression is well-formed");
          const next = nextOccurrence(expression, { afterMs, anchorMs: 0, timeZone }) ?? 0;
          const local = new Date(localMsOf(next, timeZone));
          expect([local.getUTCHours(), local.getUTCMinutes()]).toEqual([hour, minute]);
          expect(next).toBeGreaterThan(afterMs);
          // A day of a change has up to 25 hours, and the time may be skipped on one.
          expect(next - afterMs).toBeLessThanOrEqual(49 * 60 * MINUTE_MS);
        },
      ),
    );
  });
});
