import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { DeliveryResult } from "../../delivery.ts";
import { settle } from "../../testing/scripted-environment.ts";
import type { EventAttempt } from "./event.ts";
import { attemptOf, eventOf, QueueWorld, type Script } from "./testing/queue-world.ts";

const HOUR_MS = 3_600_000;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pilotlight-queue-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

describe("EventQueue", () => {
  test("runs a failing event three times under one request id, after 60 s and 120 s more", async () => {
    const world = new QueueWorld(directory, ["failed", "failed", "failed"]);
    world.queue.accept(eventOf("a"));
    await settle();
    for (const ms of [59_999, 1, 119_999, 1, 600_000]) await world.pass(ms);
    expect(world.attempts).toEqual([
      { requestId: "a", atMs: 0 },
      { requestId: "a", atMs: 60_000 },
      { requestId: "a", atMs: 180_000 },
    ]);
    expect(world.queue.pending).toBe(0);
    expect(world.told).toEqual([
      expect.stringMatching(/event a of .*:fn was dropped: RetriesExhausted after 3 invocations/),
    ]);
  });

  test("starts events of one function in the order of arrival, eight at a time", async () => {
    const ends: (() => void)[] = [];
    const attempts: string[] = [];
    const { queue } = new QueueWorld(directory, [], {
      run: ({ requestId }) => {
        attempts.push(requestId);
        return new Promise((resolve) => ends.push(() => resolve(attemptOf("succeeded"))));
      },
    });
    const ids = Array.from({ length: 12 }, (_, index) => `event-${index}`);
    for (const id of ids) queue.accept(eventOf(id));
    expect(attempts).toEqual(ids.slice(0, 8));
    queue.accept(eventOf("other", "another-function"));
    expect(attempts.at(-1)).toBe("other");
    for (let index = 0; index < ends.length; index += 1) {
      ends[index]?.();
      await settle();
    }
    expect(attempts.filter((id) => id !== "other")).toEqual(ids);
    expect(queue.pending).toBe(0);
  });

  test("refuses events beyond its bounds, of number and of bytes", () => {
    const never = () => new Promise<never>(() => undefined);
    const world = new QueueWorld(directory, [], { run: never });
    const accepted = Array.from({ length: 10_001 }, (_, index) =>
      world.queue.accept(eventOf(`event-${index}`)),
    );
    expect(accepted.filter(Boolean)).toHaveLength(10_000);
    expect(accepted.at(-1)).toBe(false);
    expect(world.restart()).toBe(10_000);
    expect(world.queue.pending).toBe(10_000);
  });

  test("refuses events when it has stopped, and says how many it has kept", async () => {
    const world = new QueueWorld(directory, ["failed"]);
    world.queue.accept(eventOf("a"));
    await settle();
    world.queue.stop();
    expect(world.queue.accept(eventOf("b"))).toBe(false);
    await world.pass(600_000);
    expect(world.attempts).toHaveLength(1);
    expect(world.queue.close()).toBe(1);
  });

  test("gives up at once where the next attempt would be too late", async () => {
    const reported = ["EventAgeExceeded"] as const;
    const world = new QueueWorld(directory, ["failed", "failed"], {
      limits: { ageMsMax: 90_000 },
      reported,
    });
    world.queue.accept(eventOf("a"));
    await settle();
    await world.pass(60_000);
    expect(world.records).toEqual([
      { requestId: "a", condition: "EventAgeExceeded", count: 2, atMs: 60_000 },
    ]);
  });

  test("ends an event that became too old behind others without an attempt", async () => {
    let release: () => void = () => undefined;
    const attempts: string[] = [];
    const world = new QueueWorld(directory, [], {
      limits: { ageMsMax: 60_000 },
      reported: ["EventAgeExceeded"],
      run: async ({ requestId }) => {
        attempts.push(requestId);
        await new Promise<void>((resolve) => (release = resolve));
        return attemptOf("succeeded");
      },
    });
    for (let index = 1; index <= 9; index += 1) world.queue.accept(eventOf(`event-${index}`));
    await world.pass(60_001);
    release();
    await settle();
    expect(attempts).not.toContain("event-9");
    expect(world.records).toMatchObject([{ requestId: "event-9", count: 0 }]);
  });

  test("reports an event at once where the reserved concurrency is zero, with no invocation", async () => {
    const reported = ["ZeroReservedConcurrency"] as const;
    const world = new QueueWorld(directory, ["zero_reserved"], { reported });
    world.queue.accept(eventOf("a"));
    await settle();
    expect(world.records).toEqual([
      { requestId: "a", condition: "ZeroReservedConcurrency", count: 0, atMs: 0 },
    ]);
  });

  test("asks a destination that refuses again, later each time, and tells of it once", async () => {
    const results: DeliveryResult[] = [
      { kind: "refused", reason: "no such queue" },
      { kind: "refused", reason: "no such queue" },
    ];
    const world = new QueueWorld(directory, [], {
      reported: ["Success"],
      deliver: () => Promise.resolve(results.shift() ?? { kind: "delivered" }),
    });
    world.queue.accept(eventOf("a"));
    await settle();
    for (const ms of [1_000, 1_999, 1]) await world.pass(ms);
    expect(world.records).toMatchObject([{ condition: "Success", atMs: 3_000 }]);
    expect(world.told).toEqual([expect.stringMatching(/event a: .*no such queue; trying again/)]);
    expect(world.queue.pending).toBe(0);
  });

  test("drops a record that is refused for six hours, with a line", async () => {
    const world = new QueueWorld(directory, [], {
      reported: ["Success"],
      deliver: () => Promise.reject(new Error("no such queue")),
    });
    world.queue.accept(eventOf("a"));
    await settle();
    await world.passAll();
    expect(world.queue.pending).toBe(0);
    expect(world.clock.monotonicMs()).toBeGreaterThan(5 * HOUR_MS);
    expect(world.told).toHaveLength(2);
    expect(world.told[1]).toMatch(/was dropped: its record was refused by .*no such queue/);
  });

  test("waits for a function that is not there, and drops the event when it is too old", async () => {
    const missing = new QueueWorld(
      directory,
      Array.from<Script>({ length: 200 }).fill("unknown_function"),
    );
    missing.queue.accept(eventOf("a"));
    await settle();
    await missing.passAll();
    expect(missing.told).toEqual([
      expect.stringMatching(/EventAgeExceeded after .*, its function does not exist/),
    ]);
  });

  test("tries an event again as soon as its function is there", async () => {
    const world = new QueueWorld(directory, ["unknown_function", "unknown_function"]);
    world.queue.accept(eventOf("a"));
    world.queue.accept(eventOf("b", "another-function"));
    await settle();
    world.queue.functionAppeared("fn");
    await settle();
    expect(world.attempts.map(({ requestId }) => requestId)).toEqual(["a", "b", "a"]);
    // The delay that it had begun is over with it.
    await world.pass(10_000);
    expect(world.attempts.map(({ requestId }) => requestId)).toEqual(["a", "b", "a", "b"]);
    expect(world.queue.pending).toBe(0);
  });

  test("takes a rejected attempt for an error of the system, tells of it and tries again", async () => {
    let count = 0;
    const world = new QueueWorld(directory, [], {
      run: async () => {
        count += 1;
        if (count === 1) throw new Error("unforeseen");
        return attemptOf("succeeded");
      },
    });
    world.queue.accept(eventOf("a"));
    await settle();
    await world.pass(1_000);
    expect([count, world.queue.pending, world.told]).toEqual([2, 0, ["unforeseen"]]);
  });
});

describe("EventQueue, after a restart", () => {
  test("goes on with the attempts that are left", async () => {
    const world = new QueueWorld(directory, ["failed", "failed", "failed"], {
      reported: ["RetriesExhausted"],
    });
    world.queue.accept(eventOf("a"));
    await settle();
    expect(world.restart()).toBe(1);
    await world.pass(60_000);
    world.kill();
    await world.pass(120_000);
    expect(world.attempts).toHaveLength(3);
    expect(world.records).toMatchObject([{ condition: "RetriesExhausted", count: 3 }]);
    expect(world.restart()).toBe(0);
  });

  test("has an event run again that was running, and not one that was acknowledged meanwhile", async () => {
    const ends: ((attempt: EventAttempt) => void)[] = [];
    const run = () => new Promise<EventAttempt>((resolve) => ends.push(resolve));
    const world = new QueueWorld(directory, [], { run });
    for (const id of ["a", "b", "c"]) world.queue.accept(eventOf(id));
    world.queue.stop();
    ends[0]?.(attemptOf("succeeded"));
    // The stopping emulator has ended the environment: the function may not have failed at all.
    ends[1]?.(attemptOf("failed"));
    await settle();
    expect(world.restart()).toBe(2);
    expect(ends).toHaveLength(5);
    // What settles late belongs to a queue that is closed.
    ends[2]?.(attemptOf("succeeded"));
    await settle();
    expect(world.queue.pending).toBe(2);
  });

  test("does not run an acknowledged event again whose record is not delivered yet", async () => {
    let isOpen = false;
    const world = new QueueWorld(directory, [], {
      reported: ["Success"],
      deliver: async () => ({ kind: isOpen ? "delivered" : "refused", reason: "closed" }),
    });
    world.queue.accept(eventOf("a"));
    await settle();
    expect(world.restart()).toBe(1);
    isOpen = true;
    world.kill();
    await settle();
    expect(world.attempts).toHaveLength(1);
    expect(world.records).toMatchObject([{ requestId: "a", condition: "Success", count: 1 }]);
    expect(world.queue.pending).toBe(0);
  });
});
