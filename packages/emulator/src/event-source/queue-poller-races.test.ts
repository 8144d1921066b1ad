import { setImmediate } from "node:timers/promises";

import { VirtualClock } from "@pilotlight/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { CallResult, FunctionCall, FunctionCaller } from "../function-caller.ts";
import type { Queues } from "../sqs/contract.ts";
import { QueuePoller } from "./queue-poller.ts";
import {
  answered,
  type EventRecord,
  FAILED,
  SUCCEEDED,
  THROTTLED,
} from "./testing/fake-function.ts";
import { FakeQueue } from "./testing/fake-queue.ts";
import { mappingSettings } from "./testing/settings.ts";

const VISIBILITY_SEC = 10;

/** Steps until a queue must be empty once nothing fails any more. */
const DRAIN_STEPS_MAX = 400;

type Ending = "success" | "partial" | "failure" | "throttle" | "crash" | "unknown";

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("send"), group: fc.constantFrom("a", "b") }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("settle"), times: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("pass"), ms: fc.integer({ min: 1, max: 12_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stop") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("start") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart") }) },
);

const ending = fc.constantFrom<Ending>(
  "success",
  "partial",
  "failure",
  "throttle",
  "crash",
  "unknown",
);

const world = fc.record({
  isFifo: fc.boolean(),
  batchSize: fc.integer({ min: 1, max: 4 }),
  windowSec: fc.constantFrom(0, 3),
  endings: fc.array(ending, { maxLength: 20 }),
  steps: fc.array(step, { minLength: 1, maxLength: 40 }),
});

/** The emulator around one queue, which keeps account of what the function has dealt with. */
class World {
  readonly clock = new VirtualClock();
  readonly queue: FakeQueue;
  readonly acknowledged = new Set<string>();
  /** Ids in the order of their first acknowledgement, by group. */
  readonly order = new Map<string, string[]>();
  readonly sent = new Map<string, string[]>();
  readonly faults: string[] = [];
  readonly #scheduler: fc.Scheduler;
  readonly #settings: ReturnType<typeof mappingSettings>;
  readonly #endings: Ending[];
  #running = new Map<string, number>();
  #life = { isOver: false };
  #poller: QueuePoller;

  constructor(
    scheduler: fc.Scheduler,
    parts: { isFifo: boolean; batchSize: number; windowSec: number; endings: readonly Ending[] },
  ) {
    const { isFifo, batchSize } = parts;
    this.#scheduler = scheduler;
    this.#endings = [...parts.endings];
    this.#settings = mappingSettings({
      isFifo,
      batchSize,
      windowSec: isFifo ? 0 : parts.windowSec,
      reportsFailures: true,
    });
    this.queue = new FakeQueue({
      clock: this.clock,
      isFifo,
      visibilityTimeoutSec: VISIBILITY_SEC,
    });
    this.#poller = this.#newPoller();
    this.#poller.start();
  }

  send(group: string): void {
    const id = this.queue.put(group, this.#settings.isFifo ? group : undefined);
    this.sent.set(group, [...(this.sent.get(group) ?? []), id]);
  }

  stop(): void {
    this.#poller.stop();
  }

  start(): void {
    this.#poller.start();
  }

  /** The process ends as it stands, and another one begins: only the queue is still there. */
  restart(): void {
    this.#life.isOver = true;
    this.#life = { isOver: false };
    this.#running = new Map();
    this.#poller = this.#newPoller();
    this.#poller.start();
  }

  /** From here on the function succeeds. */
  recover(): void {
    this.#endings.length = 0;
    this.#poller.start();
  }

  #newPoller(): QueuePoller {
    const life = this.#life;
    return new QueuePoller({
      settings: this.#settings,
      queues: this.#queues(life),
      functions: this.#functions(life),
      clock: this.clock,
      concurrencyMax: 3,
      onError: (error) => this.faults.push(String(error)),
    });
  }

  /** What a process that is over asks for does not happen. */
  #queues(life: { isOver: boolean }): Queues {
    const { queue } = this;
    const never = new Promise<never>(() => undefined);
    return {
      find: (arn) => queue.find(arn),
      send: (arn, message) => queue.send(arn, message),
      receive: async (arn, options) => {
        if (life.isOver) return never;
        const messages = await queue.receive(arn, options);
        await this.#scheduler.schedule(Promise.resolve(), "receive");
        return life.isOver ? never : messages;
      },
      delete: async (arn, receipt) => {
        await this.#scheduler.schedule(Promise.resolve(), "delete");
        if (life.isOver) return never;
        const before = queue.deleted.length;
        await queue.delete(arn, receipt);
        const deleted = queue.deleted.slice(before).filter((id) => !this.acknowledged.has(id));
        if (deleted.length > 0) this.faults.push(`${deleted.join()} deleted too early`);
      },
      changeVisibility: (...change) => {
        if (!life.isOver) queue.changeVisibility(...change);
      },
    };
  }

  #functions(life: { isOver: boolean }): FunctionCaller {
    return {
      exists: () => true,
      send: () => false,
      call: async (call) => {
        if (life.isOver) return new Promise<never>(() => undefined);
        const ends = this.#endings.shift() ?? "success";
        const { records, groups } = this.#begin(call);
        await this.#scheduler.schedule(Promise.resolve(), ends);
        if (life.isOver) return new Promise<never>(() => undefined);
        for (const group of groups) this.#running.set(group, (this.#running.get(group) ?? 1) - 1);
        return this.#end(ends, records);
      },
    };
  }

  #begin({ payload }: FunctionCall) {
    const event = JSON.parse(Buffer.from(payload).toString()) as { Records: EventRecord[] };
    const records = event.Records;
    const groups = new Set(records.map(({ body }) => body));
    for (const group of groups) {
      const running = (this.#running.get(group) ?? 0) + 1;
      this.#running.set(group, running);
      if (this.queue.isFifo && running > 1) this.faults.push(`two batches of group ${group}`);
    }
    return { records, groups };
  }

  #end(ends: Ending, records: readonly EventRecord[]): CallResult {
    switch (ends) {
      case "success":
        this.#acknowledge(records);
        return SUCCEEDED;
      case "partial": {
        // As a function has to: it stops at the first failure and reports what it left.
        const failed = records.slice(Math.floor(records.length / 2));
        this.#acknowledge(records.slice(0, records.length - failed.length));
        const failures = failed.map(({ messageId }) => ({ itemIdentifier: messageId }));
        return answered({ batchItemFailures: failures });
      }
      case "failure":
      case "crash":
        return FAILED;
      case "throttle":
        return THROTTLED;
      case "unknown":
        return { kind: "unknown_function" };
    }
  }

  #acknowledge(records: readonly EventRecord[]): void {
    for (const { messageId, body } of records) {
      if (this.acknowledged.has(messageId)) continue;
      this.acknowledged.add(messageId);
      this.order.set(body, [...(this.order.get(body) ?? []), messageId]);
    }
  }
}

interface Step {
  readonly kind: string;
  readonly group?: string;
  readonly times?: number;
  readonly ms?: number;
}

async function play(state: World, scheduler: fc.Scheduler, next: Step): Promise<void> {
  switch (next.kind) {
    case "send":
      state.send(next.group ?? "a");
      break;
    case "settle":
      for (let times = next.times ?? 1; times > 0; times -= 1) await settle(scheduler);
      break;
    case "pass":
      state.clock.advanceMs(next.ms ?? 0);
      break;
    case "stop":
      state.stop();
      break;
    case "start":
      state.start();
      break;
    case "restart":
      state.restart();
      break;
  }
  await setImmediate();
}

async function settle(scheduler: fc.Scheduler): Promise<void> {
  if (scheduler.count() > 0) await scheduler.waitOne();
  await setImmediate();
}

describe("QueuePoller", () => {
  test("for every interleaving no message is lost, deleted early or out of its group's order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), world, async (scheduler, { steps, ...parts }) => {
        const state = new World(scheduler, parts);
        for (const next of steps) await play(state, scheduler, next);
        state.recover();
        for (let left = DRAIN_STEPS_MAX; left > 0; left -= 1) {
          if (state.queue.messageIds.length === 0 && scheduler.count() === 0) break;
          if (scheduler.count() > 0) await settle(scheduler);
          else {
            state.clock.advanceMs(1_000);
            await setImmediate();
          }
        }
        expect(state.faults).toEqual([]);
        expect(state.queue.messageIds).toEqual([]);
        for (const [group, ids] of state.sent) {
          const order = state.order.get(group) ?? [];
          expect(parts.isFifo ? order : order.toSorted()).toEqual(
            parts.isFifo ? ids : ids.toSorted(),
          );
        }
      }),
      { numRuns: 300, seed: 20_261_124 },
    );
  });
});
