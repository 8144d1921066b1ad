import { setTimeout as wait } from "node:timers/promises";

import { afterAll, describe, expect, test, vi } from "vitest";

import { endFunctions, start } from "./testing/started-functions.ts";

// Each test starts processes, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } });

afterAll(endFunctions);

/** Counts in the background, every 5 ms, from the first invocation on. */
const COUNTING = `
  let ticks = 0; let timer;
  export const handler = async (event) => {
    timer ??= setInterval(() => { ticks += 1; }, 5);
    if (event.ms) await new Promise((done) => setTimeout(done, event.ms));
    return ticks;
  };`;

describe.concurrent("an environment that freezes", () => {
  test("stands still between invocations, and goes on with the next one", async () => {
    const f = await start(COUNTING, { options: { freezes: true } });
    const first = Number((await f.invoke({ ms: 50 })).value);
    expect(first).toBeGreaterThan(0);
    await wait(200);
    // A timer of 5 ms would have rung forty times; a frozen one rings once when it goes on.
    expect(Number((await f.invoke({})).value)).toBeLessThan(first + 10);
    expect(Number((await f.invoke({ ms: 50 })).value)).toBeGreaterThan(first);
  });

  test("ends at once, though it stands still", async () => {
    const f = await start(COUNTING, { options: { freezes: true } });
    await f.invoke({});
    const startMs = performance.now();
    await f.environment.stop("enough");
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(f.stops).toEqual(["enough"]);
  });

  test("goes on where it does not freeze", async () => {
    const f = await start(COUNTING);
    const first = Number((await f.invoke({})).value);
    await wait(200);
    expect(Number((await f.invoke({})).value)).toBeGreaterThan(first + 10);
  });
});
