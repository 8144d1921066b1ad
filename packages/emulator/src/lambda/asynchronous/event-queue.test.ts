import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { DeliveryResult } from "../../delivery.ts";
import { settle } from "../../testing/scripted-environment.ts";
import type { EventAttempt, EventCondition, OfferedEvent } from "./event.ts";
import { EventJournal } from "./event-journal.ts";
import { EventQueue } from "./event-queue.ts";
import { DEFAULT_LIMITS, type EventLimits } from "./event-retry.ts";

const QUEUE = "arn:aws:sqs:us-east-1:000000000000:records";
const HOUR_MS = 3_600_000;

type Script = EventAttempt["kind"] | "zero_reserved";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pilotlight-queue-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

function eventOf(requestId: string, name = "fn"): OfferedEvent {
  const reference = { name, qualifier: undefined };
  const payload = Buffer.from("{}");
  return { requestId, reference, payload, contentType: undefined, traceId: "Root=1" };
}

function attemptOf(script: Script): EventAttempt {
  const answer = { payload: Buffer.from('{"errorMessage":"broken"}'), version: "$LATEST" };
  switch (script) {
    case "succeeded":
    case "failed":
      return { kind: script, answer };
    case "system_error":
      return { kind: script, message: "the system is down" };
    case "throttled":
    case "zero_reserved":
      return { kind: "throttled", isReservedZero: script === "zero_reserved" };
    default:
      return { kind: script };
  }
}

interface WorldOptions {
  readonly limits?: Partial<EventLimits>;
  /** Conditions that have a destination. */
  readonly reported?: readonly EventCondition[];
  readonly run?: (event: OfferedEvent) => Promise<EventAttempt>;
  readonly deliver?: () => Promise<DeliveryResult>;
}

/** A queue with scripted ends of attempts, which can be killed and started again on the same folder. */
class World {
  readonly clock = new VirtualClock();
  readonly attempts: { requestId: string; atMs: number }[] = [];
  readonly records: { requestId: string; condition: string; count: number; atMs: number }[] = [];
  readonly told: string[] = [];
  readonly ends: Script[];
  queue: EventQueue;
  readonly #options: WorldOptions;

  constructor(ends: readonly Script[] = [], options: WorldOptions = {}) {
    this.ends = [...ends];
    this.#options = options;
    this.queue = this.#start();
  }

  /** Ends without a word, as a killed process does; what it was doing goes nowhere. */
  kill(): void {
    const dead = this.queue;
    dead.stop();
    this.queue = this.#start();
    this.queue.resume();
  }

  /** Ends in order and starts again. @returns How many events were kept. */
  restart(): number {
    this.queue.stop();
    const kept = this.queue.close();
    this.queue = this.#start();
    this.queue.resume();
    return kept;
  }

  async pass(ms: number): Promise<void> {
    this.clock.advanceMs(ms);
    await settle();
  }

  /** Lets every delay pass that an event can meet. */
  async passAll(): Promise<void> {
    for (let round = 0; round < 400 && this.queue.pending > 0; round += 1) {
      await this.pass(300_000);
    }
  }

  #start(): EventQueue {
    const { limits, reported = [], run, deliver } = this.#options;
    return new EventQueue({
      clock: this.clock,
      journal: new EventJournal(join(directory, "events.jsonl")),
      run:
        run ??
        (({ requestId }) => {
          this.attempts.push({ requestId, atMs: this.clock.monotonicMs() });
          return Promise.resolve(attemptOf(this.ends.shift() ?? "succeeded"));
        }),
      limits: () => ({ ...DEFAULT_LIMITS, ...limits }),
      targets: (_event, { condition }) =>
        reported.includes(condition) ? [{ kind: "destination", arn: QUEUE }] : [],
      deliver: async (_arn, { body }) => {
        const result = (await deliver?.()) ?? { kind: "delivered" };
        const { requestContext: context } = JSON.parse(body) as Record<string, RequestContext>;
        if (result.kind === "delivered" && context !== undefined) {
          const { requestId, condition, approximateInvokeCount: count } = context;
          this.records.push({ requestId, condition, count, atMs: this.clock.monotonicMs() });
        }
        return result;
      },
      tell: (error) => this.told.push(error instanceof Error ? error.message : String(error)),
    });
  }
}

interface RequestContext {
  readonly requestId: string;
  readonly condition: string;
  readonly approximateInvokeCount: number;
}

describe("EventQueue", () => {
  test("runs a failing event three times under one request id, after 60 s and 120 s more", async () => {
    const world = new World(["failed", "failed", "failed"]);
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
    const { queue } = new World([], {
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
    const world = new World([], { run: never });
    const accepted = Array.from({ length: 10_001 }, (_, index) =>
      world.queue.accept(eventOf(`event-${index}`)),
    );
    expect(accepted.filter(Boolean)).toHaveLength(10_000);
    expect(accepted.at(-1)).toBe(false);
    expect(world.restart()).toBe(10_000);
    expect(world.queue.pending).toBe(10_000);
  });

  test("refuses events when it has stopped, and says how many it has kept", async () => {
    const world = new World(["failed"]);
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
    const world = new World(["failed", "failed"], { limits: { ageMsMax: 90_000 }, reported });
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
    const world = new World([], {
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
    const world = new World(["zero_reserved"], { reported });
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
    const world = new World([], {
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
    const world = new World([], {
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
    const missing = new World(Array.from<Script>({ length: 200 }).fill("unknown_function"));
    missing.queue.accept(eventOf("a"));
    await settle();
    await missing.passAll();
    expect(missing.told).toEqual([
      expect.stringMatching(/EventAgeExceeded after .*, its function does not exist/),
    ]);
  });

  test("takes a rejected attempt for an error of the system, tells of it and tries again", async () => {
    let count = 0;
    const world = new World([], {
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
    const world = new World(["failed", "failed", "failed"], { reported: ["RetriesExhausted"] });
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
    const world = new World([], { run });
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
    const world = new World([], {
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

describe("EventQueue, whatever happens", () => {
  const script = fc.constantFrom<Script>(
    "succeeded",
    "failed",
    "failed",
    "throttled",
    "system_error",
    "unknown_function",
    "stopping",
    "zero_reserved",
  );
  const step = fc.oneof(
    fc.record({ kind: fc.constant("pass" as const), ms: fc.nat({ max: 400_000 }) }),
    fc.record({ kind: fc.constant("restart" as const) }),
    fc.record({ kind: fc.constant("kill" as const) }),
  );

  test("for every course of attempts, passing time and restarts, each event ends in exactly one way", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(script, { maxLength: 30 }),
        fc.array(step, { maxLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        async (ends, steps, count, hasDestination) => {
          rmSync(join(directory, "events.jsonl"), { force: true });
          const failures = [
            "RetriesExhausted",
            "EventAgeExceeded",
            "ZeroReservedConcurrency",
          ] as const;
          const world = new World(ends, { reported: hasDestination ? failures : [] });
          const ids = Array.from({ length: count }, (_, index) => `event-${index}`);
          for (const id of ids) world.queue.accept(eventOf(id));
          await settle();
          for (const next of steps) {
            if (next.kind === "pass") await world.pass(next.ms);
            else world[next.kind]();
            await settle();
          }
          // "stopping" leaves an event waiting for the next start.
          for (let start = 0; start < 40 && world.queue.pending > 0; start += 1) {
            await world.passAll();
            world.restart();
            await settle();
          }
          expect(world.queue.pending).toBe(0);
          const dropped = world.told.map((line) => /event (event-\d+) of/.exec(line)?.[1]);
          for (const id of ids) {
            const reported = world.records.filter(({ requestId }) => requestId === id).length;
            const told = dropped.filter((one) => one === id).length;
            const hasRun = world.attempts.some(({ requestId }) => requestId === id);
            expect(hasRun).toBe(true);
            expect(reported + told).toBeLessThanOrEqual(1);
            expect(hasDestination ? told : reported).toBe(0);
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 30_000);

  test("for every order in which attempts and deliveries settle, an event is reported once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 2, max: 10 }),
        fc.integer({ min: 0, max: 3 }),
        async (scheduler, count, refusals) => {
          rmSync(join(directory, "events.jsonl"), { force: true });
          let refused = 0;
          const world = new World([], {
            reported: ["Success", "RetriesExhausted"],
            limits: { retriesMax: 0 },
            run: ({ requestId }) =>
              scheduler.schedule(
                Promise.resolve(attemptOf(Number(requestId) % 2 === 0 ? "succeeded" : "failed")),
              ),
            deliver: () => {
              refused += 1;
              return scheduler.schedule(
                Promise.resolve<DeliveryResult>(
                  refused <= refusals ? { kind: "refused", reason: "busy" } : { kind: "delivered" },
                ),
              );
            },
          });
          for (let id = 0; id < count; id += 1) world.queue.accept(eventOf(String(id)));
          for (let round = 0; round < 50 && world.queue.pending > 0; round += 1) {
            await scheduler.waitIdle();
            await world.pass(300_000);
          }
          const ids = world.records.map(({ requestId }) => Number(requestId));
          expect(ids.toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: count }, (_, id) => id),
          );
          for (const { requestId, condition } of world.records) {
            expect(condition).toBe(Number(requestId) % 2 === 0 ? "Success" : "RetriesExhausted");
          }
        },
      ),
      { numRuns: 40 },
    );
  }, 30_000);
});
