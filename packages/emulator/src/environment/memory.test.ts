import { VirtualClock } from "@pilotlight/core/testing";
import { afterAll, describe, expect, test, vi } from "vitest";

import { MemoryWatchdog } from "./memory-watchdog.ts";
import { residentMemory } from "./resident-memory.ts";
import { endFunctions, exited, start } from "./testing/started-functions.ts";

// Each test starts processes, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } });

afterAll(endFunctions);

/** Settles what the watchdog does when its timer rings. */
const settled = () => new Promise((done) => setImmediate(done));

function makeWatchdog() {
  const clock = new VirtualClock();
  const reads: number[][] = [];
  const bytes = new Map<number, number>();
  const memory = {
    periodMs: 20,
    read: (groups: readonly (readonly number[])[]) => {
      reads.push(groups.flat());
      return groups.map((pids) => pids.reduce((sum, pid) => sum + (bytes.get(pid) ?? 0), 0));
    },
  };
  const watchdog = new MemoryWatchdog({ memory, clock });
  const over: number[] = [];
  const readings: number[] = [];
  const subject = (pid: number) => ({
    limitBytes: 100,
    pids: () => [pid],
    onReading: (value: number) => readings.push(value),
    onOver: () => over.push(pid),
  });
  return { clock, reads, bytes, watchdog, over, readings, subject };
}

describe("MemoryWatchdog", () => {
  test("looks at all that work with one timer, and at nothing when nothing works", async () => {
    const { clock, reads, watchdog, subject } = makeWatchdog();
    const [one, two] = [subject(1), subject(2)];
    watchdog.watch(one);
    watchdog.watch(two);
    clock.advanceMs(20);
    await settled();
    expect(reads).toEqual([[1, 2]]);
    watchdog.unwatch(one);
    clock.advanceMs(20);
    await settled();
    expect(reads).toEqual([[1, 2], [2]]);
    watchdog.unwatch(two);
    for (let turn = 0; turn < 5; turn += 1) {
      clock.advanceMs(20);
      await settled();
    }
    expect(reads).toHaveLength(2);
  });

  test("does not look at what works for less than its period", async () => {
    const { clock, reads, watchdog, subject } = makeWatchdog();
    const one = subject(1);
    for (let turn = 0; turn < 100; turn += 1) {
      watchdog.watch(one);
      clock.advanceMs(5);
      await settled();
      watchdog.unwatch(one);
    }
    expect(reads).toEqual([]);
  });

  test("tells once that something is over its limit, not when it is at it", async () => {
    const { clock, bytes, watchdog, over, readings, subject } = makeWatchdog();
    bytes.set(1, 100);
    watchdog.watch(subject(1));
    clock.advanceMs(20);
    await settled();
    expect(over).toEqual([]);
    bytes.set(1, 101);
    for (let turn = 0; turn < 3; turn += 1) {
      clock.advanceMs(20);
      await settled();
    }
    expect(over).toEqual([1]);
    expect(readings).toEqual([100, 101]);
  });
});

describe("residentMemory", () => {
  test("tells what a process keeps resident, and nothing of one that has ended", async () => {
    const [own = 0, none] = await residentMemory().read([[process.pid], [2 ** 30]]);
    const rss = process.memoryUsage.rss();
    expect(own).toBeGreaterThan(rss * 0.5);
    expect(none).toBe(0);
  });
});

const GROWING = `
  import { spawn } from "node:child_process";
  const kept = [];
  const grow = "const kept = []; setInterval(() => kept.push(Buffer.alloc(8_000_000, 1)), 2)";
  export const handler = async (event) => {
    if (event.child) spawn(process.execPath, ["-e", grow], { stdio: "ignore" });
    for (let count = 0; event.mb && count < event.mb; count += 4) {
      kept.push(Buffer.alloc(4_194_304, 1));
      await new Promise((done) => setTimeout(done, 2));
    }
    if (event.ms) await new Promise((done) => setTimeout(done, event.ms));
    return kept.length;
  };`;

const KILLED = "Runtime exited with error: signal: killed";

describe.concurrent("a function that takes more memory than it has", () => {
  test("is killed, as on AWS, and starts again", async () => {
    const f = await start(GROWING, { memoryMb: 128 });
    const outcome = await f.invoke({ mb: 600 });
    expect(outcome).toMatchObject({ isFunctionError: true, value: exited("r-1", KILLED) });
    expect(outcome.tail).toMatch(
      /Memory Size: 128 MB\tMax Memory Used: 128 MB\t.*Status: error\tError Type: Runtime\.ExitError\n$/,
    );
    expect((await f.invoke({ mb: 20 })).value).toBe(5);
  });

  test("counts what it has started", async () => {
    const f = await start(GROWING, { memoryMb: 128 });
    expect((await f.invoke({ child: true, ms: 9_000 })).value).toEqual(exited("r-1", KILLED));
  });

  test("is left alone without a limit", async () => {
    const f = await start(GROWING, { memoryMb: 128, options: { memoryLimit: "none" } });
    // A peak is read four times a second at most.
    const outcome = await f.invoke({ mb: 160, ms: 300 });
    expect(outcome.value).toBe(40);
    expect(Number(/Max Memory Used: (\d+) MB/.exec(outcome.tail)?.[1])).toBeGreaterThan(160);
  });

  test("is limited by a control group where the host allows it, and by sampling elsewhere", async () => {
    const f = await start(GROWING, { memoryMb: 128, options: { memoryLimit: "cgroup" } });
    const outcome = await f.invoke({ mb: 600 });
    expect(outcome.value).toEqual(exited("r-1", KILLED));
    expect(outcome.tail).toContain("Max Memory Used: 128 MB");
  });
});
