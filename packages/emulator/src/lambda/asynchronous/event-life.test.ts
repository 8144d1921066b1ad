import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { DeliveryResult } from "../../delivery.ts";
import { settle } from "../../testing/scripted-environment.ts";
import { attemptOf, eventOf, QueueWorld, type Script } from "./testing/queue-world.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pilotlight-queue-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

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
        fc.record({
          ends: fc.array(script, { maxLength: 30 }),
          steps: fc.array(step, { maxLength: 8 }),
          count: fc.integer({ min: 1, max: 6 }),
          hasDestination: fc.boolean(),
        }),
        async ({ ends, steps, count, hasDestination }) => {
          rmSync(join(directory, "events.jsonl"), { force: true });
          const failures = [
            "RetriesExhausted",
            "EventAgeExceeded",
            "ZeroReservedConcurrency",
          ] as const;
          const world = new QueueWorld(directory, ends, {
            reported: hasDestination ? failures : [],
          });
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

  test("for every course of attempts, their delays are those of the table, and so is the end", async () => {
    const reached = fc.constantFrom<Script>("failed", "throttled", "system_error", "succeeded");
    await fc.assert(
      fc.asyncProperty(fc.array(reached, { maxLength: 25 }), async (ends) => {
        rmSync(join(directory, "events.jsonl"), { force: true });
        const world = new QueueWorld(directory, ends, { reported: ["RetriesExhausted"] });
        world.queue.accept(eventOf("a"));
        await settle();
        const { times, isExhausted } = expectedCourse([...ends, "succeeded"]);
        for (const [index, time] of times.slice(1).entries()) {
          await world.pass(time - (times[index] ?? 0) - 1);
          await world.pass(1);
        }
        expect(world.attempts.map(({ atMs }) => atMs)).toEqual(times);
        expect(world.records.map(({ count }) => count)).toEqual(isExhausted ? [3] : []);
      }),
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
          const world = new QueueWorld(directory, [], {
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

/** AWS's table, written down: 1 and 2 minutes after a function error; 1 s, doubling to 5 minutes, after the rest. */
function expectedCourse(ends: readonly Script[]): { times: number[]; isExhausted: boolean } {
  const times: number[] = [];
  let atMs = 0;
  let failures = 0;
  let backoffSec = 1;
  for (const end of ends) {
    times.push(atMs);
    if (end === "succeeded") break;
    if (end === "failed") {
      failures += 1;
      if (failures === 3) return { times, isExhausted: true };
      atMs += failures * 60_000;
      backoffSec = 1;
    } else {
      atMs += Math.min(backoffSec, 300) * 1_000;
      backoffSec *= 2;
    }
  }
  return { times, isExhausted: false };
}
