import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { VirtualClock } from "./virtual-clock.ts";

describe("VirtualClock", () => {
  test("rings an alarm exactly when it falls due", () => {
    const clock = new VirtualClock();
    const rung: number[] = [];
    clock.after(100, () => rung.push(clock.monotonicMs()));
    clock.advanceMs(99);
    expect(rung).toEqual([]);
    clock.advanceMs(1);
    expect(rung).toEqual([100]);
  });

  test("rings alarms that an alarm sets, within the same advance", () => {
    const clock = new VirtualClock();
    const rung: number[] = [];
    clock.after(10, () => clock.after(5, () => rung.push(clock.monotonicMs())));
    clock.advanceMs(20);
    expect(rung).toEqual([15]);
  });

  test("does not ring a cancelled alarm", () => {
    const clock = new VirtualClock();
    let count = 0;
    const cancel = clock.after(10, () => (count += 1));
    cancel();
    cancel();
    clock.advanceMs(20);
    expect(count).toBe(0);
  });

  test("for every set of delays, alarms ring in the order in which they fall due", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 20 }), (delays) => {
        const clock = new VirtualClock();
        const rung: number[] = [];
        for (const delayMs of delays) clock.after(delayMs, () => rung.push(delayMs));
        clock.advanceMs(1000);
        expect(rung).toEqual(delays.toSorted((a, b) => a - b));
      }),
    );
  });
});
