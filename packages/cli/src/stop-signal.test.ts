import { EventEmitter } from "node:events";

import { describe, expect, test } from "vitest";

import { stopSignal, untilAborted } from "./stop-signal.ts";

function start() {
  const source = new EventEmitter();
  const clock = { ms: 5_000 };
  const ended: string[] = [];
  const stop = stopSignal({ source, nowMs: () => clock.ms, end: (signal) => ended.push(signal) });
  return { source, clock, ended, stop };
}

describe("stopSignal", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"])("aborts at %s", async (signal) => {
    const { source, ended, stop } = start();
    expect(stop.aborted).toBe(false);
    const aborted = untilAborted(stop);
    source.emit(signal);
    await aborted;
    await untilAborted(stop);
    expect([stop.aborted, ended]).toEqual([true, []]);
  });

  test("takes no notice of signals within 2 s of the first", () => {
    const { source, clock, ended } = start();
    source.emit("SIGINT");
    clock.ms += 2_000;
    source.emit("SIGTERM");
    expect(ended).toEqual([]);
  });

  test("ends the process at a signal that comes later", () => {
    const { source, clock, ended } = start();
    source.emit("SIGINT");
    clock.ms += 1_500;
    source.emit("SIGINT");
    clock.ms += 501;
    source.emit("SIGTERM");
    expect(ended).toEqual(["SIGTERM"]);
  });
});
