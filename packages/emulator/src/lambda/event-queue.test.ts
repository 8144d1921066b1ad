import { VirtualClock } from "@pilotlight/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { settle } from "../testing/scripted-environment.ts";
import { EventQueue, type QueuedEvent } from "./event-queue.ts";
import type { EventAttempt } from "./event-retry.ts";

function eventOf(requestId: string, name = "echo"): QueuedEvent {
  return {
    requestId,
    reference: { name, qualifier: undefined },
    payload: Buffer.from("{}"),
    contentType: undefined,
    traceId: undefined,
  };
}

/** A queue whose attempts end as `ends` says, in turn; what is not said succeeds. */
function makeQueue(ends: EventAttempt[] = []) {
  const clock = new VirtualClock();
  const attempts: { requestId: string; atMs: number }[] = [];
  const queue = new EventQueue({
    clock,
    run: ({ requestId }) => {
      attempts.push({ requestId, atMs: clock.monotonicMs() });
      return Promise.resolve(ends.shift() ?? "succeeded");
    },
  });
  return { queue, clock, attempts };
}

describe("EventQueue", () => {
  test("runs a failing event three times under one request id, after 60 s and 120 s more", async () => {
    const { queue, clock, attempts } = makeQueue(["failed", "failed", "failed"]);
    queue.accept(eventOf("a"));
    await settle();
    for (const ms of [59_999, 1, 119_999, 1, 600_000]) {
      clock.advanceMs(ms);
      await settle();
    }
    expect(attempts).toEqual([
      { requestId: "a", atMs: 0 },
      { requestId: "a", atMs: 60_000 },
      { requestId: "a", atMs: 180_000 },
    ]);
    expect(queue.pending).toBe(0);
  });

  test("starts events of one function in the order of arrival, eight at a time", async () => {
    const ends: (() => void)[] = [];
    const attempts: string[] = [];
    const queue = new EventQueue({
      clock: new VirtualClock(),
      run: ({ requestId }) => {
        attempts.push(requestId);
        return new Promise((resolve) => ends.push(() => resolve("succeeded")));
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

  test("tells how many events are lost when it stops, and starts no other", async () => {
    const { queue, clock, attempts } = makeQueue(["failed"]);
    queue.accept(eventOf("a"));
    await settle();
    expect(queue.stop()).toBe(1);
    expect(queue.accept(eventOf("b"))).toBe(false);
    clock.advanceMs(600_000);
    await settle();
    expect(attempts).toHaveLength(1);
  });

  test("refuses events beyond its bound", async () => {
    const queue = new EventQueue({
      clock: new VirtualClock(),
      run: () => new Promise(() => undefined),
    });
    const accepted = Array.from({ length: 10_001 }, (_, index) =>
      queue.accept(eventOf(`event-${index}`)),
    );
    expect(accepted.filter(Boolean)).toHaveLength(10_000);
    expect(accepted.at(-1)).toBe(false);
  });

  test("for every course of attempts, each event ends and none runs more than it may", async () => {
    const attempt = fc.constantFrom<EventAttempt>("succeeded", "failed", "throttled");
    await fc.assert(
      fc.asyncProperty(
        fc.array(attempt, { maxLength: 40 }),
        fc.integer({ min: 1, max: 10 }),
        async (ends, count) => {
          const { queue, clock, attempts } = makeQueue(ends);
          for (let index = 0; index < count; index += 1) queue.accept(eventOf(`event-${index}`));
          await settle();
          for (let round = 0; round < 200 && queue.pending > 0; round += 1) {
            clock.advanceMs(60_000);
            await settle();
          }
          expect(queue.pending).toBe(0);
          expect(new Set(attempts.map(({ requestId }) => requestId)).size).toBe(count);
        },
      ),
      { numRuns: 50 },
    );
  });
});
