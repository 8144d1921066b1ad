import { describe, expect, test } from "vitest";

import { realClock, scaledClock } from "./clock.ts";

describe("scaledClock", () => {
  test("runs at its speed beside the real clock", async () => {
    const clock = scaledClock(1000);
    const startMs = clock.monotonicMs();
    const startEpochMs = clock.epochMs();
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(20_000, resolve);
    await promise;
    // A timer may be late but never early, by more than the millisecond to which it is rounded.
    expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(19_000);
    expect(clock.epochMs() - startEpochMs).toBeGreaterThanOrEqual(19_000);
  });

  test("refuses to stand still or to go back", () => {
    expect(() => scaledClock(0)).toThrow(/positive/);
    expect(() => scaledClock(-1)).toThrow(/positive/);
  });
});

describe("realClock", () => {
  test("does not call what has been cancelled", async () => {
    const called: string[] = [];
    const cancel = realClock.after(1, () => called.push("cancelled"));
    cancel();
    cancel();
    await new Promise<void>((resolve) => {
      realClock.after(5, resolve);
    });
    expect(called).toEqual([]);
  });

  test("does not call at once what is due in more than 24 days", async () => {
    const called: string[] = [];
    const cancel = realClock.after(2 ** 40, () => called.push("early"));
    await new Promise<void>((resolve) => {
      realClock.after(5, resolve);
    });
    expect(called).toEqual([]);
    cancel();
  });
});
