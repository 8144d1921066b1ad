import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { LogGate } from "./log-gate.ts";

function makeGate() {
  let count = 0;
  const gate = new LogGate(() => {
    count += 1;
  });
  return { gate, passed: () => count };
}

describe("LogGate", () => {
  test("for every order of calls and marks, passes as many calls as have their mark", () => {
    // A runtime has one call of next under way: the two queues differ by one at most.
    const pairs = fc.array(fc.boolean());
    fc.assert(
      fc.property(pairs, (isMarkFirst) => {
        const { gate, passed } = makeGate();
        for (const [index, isFirst] of isMarkFirst.entries()) {
          if (isFirst) gate.logMarked();
          else gate.nextAsked(true);
          expect(passed()).toBe(index);
          if (isFirst) gate.nextAsked(true);
          else gate.logMarked();
          expect(passed()).toBe(index + 1);
        }
      }),
    );
  });

  test("passes a call without a mark at once", () => {
    const { gate, passed } = makeGate();
    gate.nextAsked(false);
    expect(passed()).toBe(1);
  });

  test.each(["nextAsked", "logMarked"] as const)("forgets a %s before a reset", (half) => {
    const { gate, passed } = makeGate();
    gate[half](true);
    gate.reset();
    if (half === "nextAsked") gate.logMarked();
    else gate.nextAsked(true);
    expect(passed()).toBe(0);
  });
});
