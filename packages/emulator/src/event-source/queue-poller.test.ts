import { setImmediate } from "node:timers/promises";

import { VirtualClock } from "@pilotlight/core/testing";
import { describe, expect, test } from "vitest";

import type { MappingSettings } from "./mapping-record.ts";
import { QueuePoller } from "./queue-poller.ts";
import { answered, FAILED, FakeFunction, SUCCEEDED, THROTTLED } from "./testing/fake-function.ts";
import { FakeQueue } from "./testing/fake-queue.ts";
import { mappingSettings } from "./testing/settings.ts";

function polling(more: Partial<MappingSettings> = {}, { visibilityTimeoutSec = 30 } = {}) {
  const clock = new VirtualClock();
  const settings = mappingSettings(more);
  const queue = new FakeQueue({ clock, isFifo: settings.isFifo, visibilityTimeoutSec });
  const consumer = new FakeFunction();
  const errors: unknown[] = [];
  const poller = new QueuePoller({
    settings,
    queues: queue,
    functions: consumer,
    clock,
    concurrencyMax: 100,
    onError: (error) => errors.push(error),
  });
  const pass = async (ms: number) => {
    await setImmediate();
    clock.advanceMs(ms);
    await setImmediate();
  };
  return { clock, settings, queue, consumer, poller, errors, pass };
}

describe("QueuePoller", () => {
  test("deletes what the function has dealt with, and only then", async () => {
    const { queue, consumer, poller, pass } = polling();
    const id = queue.put("one");
    poller.start();
    await pass(0);
    expect(consumer.pending.map(({ messageIds }) => messageIds)).toEqual([[id]]);
    expect(queue.deleted).toEqual([]);

    consumer.pending[0]?.answer(SUCCEEDED);
    await pass(0);
    expect(queue.deleted).toEqual([id]);
  });

  test("leaves a batch that failed to its visibility timeout", async () => {
    const { queue, consumer, poller, pass } = polling();
    consumer.respond = () => FAILED;
    const id = queue.put("one");
    poller.start();
    await pass(29_999);
    expect(consumer.calls).toHaveLength(1);

    consumer.respond = () => SUCCEEDED;
    await pass(1);
    expect(consumer.calls.map(({ records }) => records[0]?.attributes)).toEqual([
      { ApproximateReceiveCount: "1" },
      { ApproximateReceiveCount: "2" },
    ]);
    expect(queue.deleted).toEqual([id]);
  });

  test("deletes all but the messages that the function reports", async () => {
    const { queue, consumer, poller, pass } = polling({ reportsFailures: true });
    const ids = ["a", "b", "c"].map((body) => queue.put(body));
    consumer.respond = () => answered({ batchItemFailures: [{ itemIdentifier: ids[1] }] });
    poller.start();
    await pass(0);
    expect(queue.deleted).toEqual([ids[0], ids[2]]);
    expect(queue.messageIds).toEqual([ids[1]]);
  });

  test("takes a report for nothing where the mapping has none", async () => {
    const { queue, consumer, poller, pass } = polling();
    const id = queue.put("a");
    consumer.respond = () => answered({ batchItemFailures: [{ itemIdentifier: id }] });
    poller.start();
    await pass(0);
    expect(queue.deleted).toEqual([id]);
  });

  test("sends a batch when it is full or its window ends", async () => {
    const { queue, consumer, poller, pass } = polling({ batchSize: 12, windowSec: 5 });
    poller.start();
    await pass(1_000);
    queue.put("first");
    await pass(4_999);
    expect(consumer.calls).toHaveLength(0);
    await pass(1);
    expect(consumer.calls.map(({ records }) => records.length)).toEqual([1]);

    for (let index = 0; index < 13; index += 1) queue.put(String(index));
    await pass(0);
    expect(consumer.calls.map(({ records }) => records.length)).toEqual([1, 12]);
    await pass(5_000);
    expect(consumer.calls.map(({ records }) => records.length)).toEqual([1, 12, 1]);
  });

  test("sends an event of 6 MB at most, and what is left over with the next", async () => {
    const { queue, consumer, poller, pass } = polling();
    const ids = Array.from({ length: 8 }, () => queue.put("x".repeat(1_000_000)));
    poller.start();
    await pass(0);
    expect(consumer.calls.map(({ messageIds }) => messageIds)).toEqual([
      ids.slice(0, 6),
      ids.slice(6),
    ]);
  });

  test("does not send what was left over for longer than it is hidden from others", async () => {
    const { queue, consumer, poller, pass } = polling({ concurrencyMax: 1 });
    const ids = Array.from({ length: 8 }, () => queue.put("x".repeat(1_000_000)));
    poller.start();
    await pass(30_000);
    expect(consumer.calls).toHaveLength(1);

    consumer.respond = () => SUCCEEDED;
    consumer.pending[0]?.answer(SUCCEEDED);
    await pass(0);
    expect(consumer.calls.map(({ messageIds }) => messageIds)).toEqual([
      ids.slice(0, 6),
      ids.slice(6),
    ]);
    expect(consumer.calls[1]?.records[0]?.attributes["ApproximateReceiveCount"]).toBe("2");
  });

  test("keeps the order of a FIFO queue's group whose messages are too large for one event", async () => {
    const { queue, consumer, poller, pass } = polling({ isFifo: true });
    const ids = Array.from({ length: 8 }, () => queue.put("x".repeat(1_000_000), "group"));
    poller.start();
    await pass(0);
    expect(consumer.pending.map(({ messageIds }) => messageIds)).toEqual([ids.slice(0, 6)]);

    consumer.pending[0]?.answer(SUCCEEDED);
    await pass(0);
    expect(consumer.pending.map(({ messageIds }) => messageIds)).toEqual([ids.slice(6)]);
  });

  test("gives one batch of a message group to the function at a time, other groups beside it", async () => {
    const { queue, consumer, poller, pass } = polling({ isFifo: true, batchSize: 1 });
    const [a1, b1, a2] = [queue.put("1", "a"), queue.put("1", "b"), queue.put("2", "a")];
    poller.start();
    await pass(0);
    expect(consumer.pending.map(({ messageIds }) => messageIds)).toEqual([[a1], [b1]]);

    consumer.pending[0]?.answer(SUCCEEDED);
    await pass(0);
    expect(consumer.pending.map(({ messageIds }) => messageIds)).toEqual([[b1], [a2]]);
  });

  test("does not give a group to the function again while a batch outlives the visibility timeout", async () => {
    const { queue, consumer, poller, pass } = polling({ isFifo: true, batchSize: 1 });
    const id = queue.put("1", "a");
    poller.start();
    await pass(30_000);
    expect(consumer.calls).toHaveLength(1);

    consumer.pending[0]?.answer(FAILED);
    await pass(30_000);
    expect(consumer.calls.map(({ messageIds }) => messageIds)).toEqual([[id], [id]]);
  });

  test("deletes what no filter matches without a call", async () => {
    const { queue, consumer, poller, pass } = polling({
      filterPatterns: ['{"body":{"kind":["wanted"]}}'],
    });
    consumer.respond = () => SUCCEEDED;
    const other = queue.put('{"kind":"other"}');
    const wanted = queue.put('{"kind":"wanted"}');
    poller.start();
    await pass(0);
    expect(consumer.calls.map(({ messageIds }) => messageIds)).toEqual([[wanted]]);
    expect(queue.deleted).toEqual([other, wanted]);
  });

  test("runs five batches at the start and one more every 200 ms", async () => {
    const { queue, consumer, poller, pass } = polling({ batchSize: 1 });
    for (let index = 0; index < 20; index += 1) queue.put(String(index));
    poller.start();
    await pass(199);
    expect(consumer.pending).toHaveLength(5);
    await pass(1);
    expect(consumer.pending).toHaveLength(6);
    await pass(200);
    expect(consumer.pending).toHaveLength(7);
  });

  test("never runs more batches than its largest concurrency", async () => {
    const { queue, consumer, poller, pass } = polling({ batchSize: 1, concurrencyMax: 2 });
    for (let index = 0; index < 5; index += 1) queue.put(String(index));
    poller.start();
    await pass(10_000);
    expect(consumer.pending).toHaveLength(2);
    consumer.pending[0]?.answer(SUCCEEDED);
    await pass(0);
    expect(consumer.pending).toHaveLength(2);
    expect(consumer.calls).toHaveLength(3);
  });

  test("tries a throttled batch again after 1 s, 2 s, 4 s, until others can see its messages", async () => {
    const { queue, consumer, poller, pass } = polling({}, { visibilityTimeoutSec: 8 });
    consumer.respond = () => THROTTLED;
    const id = queue.put("one");
    poller.start();
    for (const [ms, calls] of [
      [999, 1],
      [1, 2],
      [2_000, 3],
      [4_000, 4],
    ] as const) {
      await pass(ms);
      expect(consumer.calls).toHaveLength(calls);
    }
    // The next attempt would be at 15 s: at 8 s the message is anybody's again.
    await pass(1_000);
    expect(consumer.calls).toHaveLength(5);
    expect(consumer.calls.at(-1)?.records[0]?.attributes["ApproximateReceiveCount"]).toBe("2");
    expect(queue.messageIds).toEqual([id]);
  });

  test("halves its batches when they fail, and not where the function reports failures", async () => {
    for (const [reportsFailures, expected] of [
      [false, 2],
      [true, 5],
    ] as const) {
      const { queue, consumer, poller, pass } = polling({ batchSize: 1, reportsFailures });
      queue.put("poison");
      consumer.respond = () => FAILED;
      poller.start();
      await pass(0);
      consumer.respond = undefined;
      for (let index = 0; index < 10; index += 1) queue.put(String(index));
      await pass(0);
      expect(consumer.pending).toHaveLength(expected);
    }
  });

  test("waits for its function, and takes no message until then", async () => {
    const { queue, consumer, poller, pass } = polling();
    consumer.isThere = false;
    const id = queue.put("one");
    poller.start();
    await pass(60_000);
    expect(queue.visibleIds).toEqual([id]);

    consumer.isThere = true;
    await pass(1_000);
    expect(consumer.calls).toHaveLength(1);
  });

  test("gives messages back at once when the function is gone before it is called", async () => {
    const { queue, consumer, poller, pass } = polling();
    consumer.respond = () => {
      consumer.isThere = false;
      return { kind: "unknown_function" };
    };
    const id = queue.put("one");
    poller.start();
    await pass(0);
    expect(queue.visibleIds).toEqual([id]);
    expect(consumer.calls).toHaveLength(1);
  });

  test("takes nothing after a stop, and gives back what waits for the window", async () => {
    const { queue, consumer, poller, pass } = polling({ batchSize: 10, windowSec: 60 });
    const id = queue.put("one");
    poller.start();
    await pass(1_000);
    expect(queue.visibleIds).toEqual([]);

    poller.stop();
    await pass(0);
    expect(queue.visibleIds).toEqual([id]);
    await pass(120_000);
    expect(consumer.calls).toHaveLength(0);
  });

  test("acknowledges a batch that ends after the stop", async () => {
    const { queue, consumer, poller, pass } = polling();
    const id = queue.put("one");
    poller.start();
    await pass(0);
    poller.stop();
    let hasEnded = false;
    void poller.ended().then(() => (hasEnded = true));
    await pass(0);
    expect(hasEnded).toBe(false);

    consumer.pending[0]?.answer(SUCCEEDED);
    await pass(0);
    expect(queue.deleted).toEqual([id]);
    expect(hasEnded).toBe(true);
  });

  test("goes on with new settings at once", async () => {
    const { queue, consumer, poller, pass, settings } = polling({ batchSize: 10, windowSec: 60 });
    poller.start();
    queue.put("one");
    await pass(1_000);
    poller.update({ ...settings, windowSec: 0, functionArn: `${settings.functionArn}:live` });
    await pass(0);
    expect(consumer.calls.map(({ functionArn }) => functionArn)).toEqual([
      `${settings.functionArn}:live`,
    ]);
  });

  test("looks for a queue that is gone once a second, and goes on when it is back", async () => {
    const { queue, consumer, poller, pass } = polling();
    poller.start();
    await pass(0);
    queue.exists = false;
    await pass(60_000);
    queue.exists = true;
    queue.put("one");
    await pass(1_000);
    expect(consumer.calls).toHaveLength(1);
  });

  test("tells of a queue that fails, and tries again", async () => {
    const { queue, consumer, poller, errors, pass } = polling();
    const receive = queue.receive.bind(queue);
    const failure = new Error("the disk is full");
    queue.receive = () => Promise.reject(failure);
    poller.start();
    await pass(0);
    expect(errors).toEqual([failure]);

    queue.receive = receive;
    queue.put("one");
    await pass(1_000);
    expect(consumer.calls).toHaveLength(1);
  });
});
