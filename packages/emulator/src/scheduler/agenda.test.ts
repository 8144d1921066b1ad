import { VirtualClock } from "@pilotlight/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Agenda } from "./agenda.ts";

const START_MS = 1_000_000;

function agendaOf() {
  const clock = new VirtualClock(START_MS);
  const rung: [key: string, atMs: number][] = [];
  const agenda = new Agenda({
    clock,
    onDue: (key) => rung.push([key, clock.epochMs() - START_MS]),
  });
  return { clock, agenda, rung };
}

describe("Agenda", () => {
  test("for every history of entries, calls each once, when it is due, in that order", () => {
    const step = fc.record({
      key: fc.constantFrom("a", "b", "c", "d"),
      inMs: fc.option(fc.integer({ min: 1, max: 200_000 })),
      thenMs: fc.nat(50_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const { clock, agenda, rung } = agendaOf();
        const entries = new Map<string, number>();
        const expected: [string, number][] = [];
        const passTo = (nowMs: number) => {
          const due = [...entries].filter(([, dueMs]) => dueMs <= nowMs);
          for (const entry of due.toSorted(([, one], [, other]) => one - other)) {
            expected.push(entry);
            entries.delete(entry[0]);
          }
        };
        let nowMs = 0;
        for (const { key, inMs, thenMs } of [
          ...steps,
          { key: "", inMs: null, thenMs: 1_000_000 },
        ]) {
          if (inMs === null) {
            agenda.delete(key);
            entries.delete(key);
          } else {
            agenda.set(key, START_MS + nowMs + inMs);
            // An entry that is moved keeps its place among those of the same time.
            entries.set(key, nowMs + inMs);
          }
          nowMs += thenMs;
          clock.advanceMs(thenMs);
          passTo(nowMs);
        }
        expect(rung).toEqual(expected);
      }),
    );
  });

  test("calls what is past at once, and nothing after it is cleared", () => {
    const { clock, agenda, rung } = agendaOf();
    agenda.set("past", START_MS - 5_000);
    clock.advanceMs(1);
    expect(rung).toEqual([["past", 1]]);
    agenda.set("next", START_MS + 10);
    agenda.clear();
    clock.advanceMs(1_000);
    expect(rung).toHaveLength(1);
  });

  test("looks at the wall clock once a minute, which may have jumped", () => {
    const { clock, agenda } = agendaOf();
    const rung: string[] = [];
    let jumpMs = 0;
    const jumping = new Agenda({
      clock: {
        epochMs: () => clock.epochMs() + jumpMs,
        monotonicMs: () => clock.monotonicMs(),
        after: (delayMs, run) => clock.after(delayMs, run),
      },
      onDue: (key) => rung.push(key),
    });
    jumping.set("tomorrow", START_MS + 86_400_000);
    jumpMs = 86_400_000;
    clock.advanceMs(60_000);
    expect(rung).toEqual(["tomorrow"]);
    agenda.clear();
  });
});
