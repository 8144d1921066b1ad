import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";

import { AccountQueues, queueArn } from "./account-queues.ts";
import type { ReceivedMessage } from "./contract.ts";
import { queueDirectory, stopQueueServers } from "./testing/queue-server.ts";

afterEach(stopQueueServers);

interface World {
  readonly queues: AccountQueues;
  readonly clock: VirtualClock;
  readonly directory: string;
  /** The next start, after the process was killed: nothing was closed before. */
  readonly restart: (clock?: VirtualClock) => World;
}

function world(directory = queueDirectory(), clock = new VirtualClock()): World {
  const queues = new AccountQueues({ clock, directory });
  const restart = (nextClock = clock): World => {
    const next = world(directory, nextClock);
    queues.close();
    return next;
  };
  return { queues, clock, directory, restart };
}

const JOBS = queueArn("jobs");
const FIFO = queueArn("jobs.fifo");

function create(
  { queues }: Pick<World, "queues">,
  attributes: Readonly<Record<string, string>> = {},
  name = "jobs",
): void {
  queues.create(name, { attributes, tags: {} });
}

async function receive(
  { queues }: Pick<World, "queues">,
  options: Partial<Parameters<AccountQueues["receive"]>[1]> = {},
  arn = JOBS,
): Promise<readonly ReceivedMessage[]> {
  return queues.receive(arn, { messagesMax: 10, waitMs: 0, ...options });
}

const bodies = (messages: readonly ReceivedMessage[]): string[] => messages.map(({ body }) => body);

describe("AccountQueues", () => {
  test("tells what a queue is, and nothing of one that does not exist", () => {
    const one = world();
    create(one, { VisibilityTimeout: "7" });
    expect(one.queues.find(JOBS)).toEqual({
      arn: JOBS,
      url: "/000000000000/jobs",
      isFifo: false,
      visibilityTimeoutSec: 7,
    });
    expect(one.queues.find(FIFO)).toBeUndefined();
  });

  test("refuses a message as a value: an unknown queue, a message that is too long", async () => {
    const one = world();
    create(one, { MaximumMessageSize: "1024" });
    expect(await one.queues.send(FIFO, { body: "x" })).toMatchObject({
      kind: "refused",
      code: "QueueDoesNotExist",
    });
    expect(await one.queues.send(JOBS, { body: "x".repeat(1025) })).toMatchObject({
      kind: "refused",
      message:
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    });
  });

  test("refuses messages beyond what all queues may hold together, until some are gone", async () => {
    const clock = new VirtualClock();
    const queues = new AccountQueues({ clock, directory: queueDirectory(), storedBytesMax: 4000 });
    const one = { queues };
    create(one);
    const body = "x".repeat(1000);
    const sends = [1, 2, 3].map(() => one.queues.send(JOBS, { body }));
    // Each message takes its 1,000 bytes and half a KiB.
    expect(await Promise.all(sends)).toMatchObject([
      { kind: "sent" },
      { kind: "sent" },
      { code: "OverLimit" },
    ]);
    const [message] = await receive(one, { messagesMax: 1 });
    await one.queues.delete(JOBS, message?.receiptHandle ?? "");
    expect(await one.queues.send(JOBS, { body })).toMatchObject({ kind: "sent" });
  });

  describe("a consumer that waits", () => {
    test("gets a message as soon as it is sent", async () => {
      const one = world();
      create(one);
      const waiting = receive(one, { waitMs: 20_000 });
      await one.queues.send(JOBS, { body: "hello" });
      expect(bodies(await waiting)).toEqual(["hello"]);
    });

    test("gets a message when its delay is over", async () => {
      const one = world();
      create(one);
      await one.queues.send(JOBS, { body: "later", delaySec: 5 });
      const waiting = receive(one, { waitMs: 20_000 });
      one.clock.advanceMs(4999);
      expect(await receive(one)).toEqual([]);
      one.clock.advanceMs(1);
      expect(bodies(await waiting)).toEqual(["later"]);
    });

    test("gets a message of another when that one's visibility timeout ends, or is made shorter", async () => {
      const one = world();
      create(one);
      await one.queues.send(JOBS, { body: "again" });
      await receive(one, { visibilityTimeoutSec: 3 });
      const second = receive(one, { waitMs: 20_000, visibilityTimeoutSec: 10 });
      one.clock.advanceMs(3000);
      const [message] = await second;
      expect(message?.systemAttributes["ApproximateReceiveCount"]).toBe("2");
      const third = receive(one, { waitMs: 20_000 });
      one.queues.changeVisibility(JOBS, message?.receiptHandle ?? "", 1);
      one.clock.advanceMs(1000);
      expect(bodies(await third)).toEqual(["again"]);
    });

    test("of a FIFO queue gets the next of a group when the one before is deleted", async () => {
      const one = world();
      create(one, { FifoQueue: "true", ContentBasedDeduplication: "true" }, "jobs.fifo");
      for (const body of ["first", "second"]) await one.queues.send(FIFO, { body, groupId: "g" });
      const [first] = await receive(one, { messagesMax: 1 }, FIFO);
      const waiting = receive(one, { waitMs: 20_000 }, FIFO);
      await one.queues.delete(FIFO, first?.receiptHandle ?? "");
      expect(bodies(await waiting)).toEqual(["second"]);
    });

    test("gets nothing when its time is up, when it gives up, or when the emulator stops", async () => {
      const one = world();
      create(one);
      const patient = receive(one, { waitMs: 1000 });
      one.clock.advanceMs(1000);
      expect(await patient).toEqual([]);

      const abort = new AbortController();
      const aborted = receive(one, { waitMs: 1000, signal: abort.signal });
      abort.abort();
      expect(await aborted).toEqual([]);
      expect(await receive(one, { waitMs: 1000, signal: abort.signal })).toEqual([]);

      const stopped = receive(one, { waitMs: 1000 });
      one.queues.stop();
      expect(await stopped).toEqual([]);
      await one.queues.send(JOBS, { body: "kept" });
      expect(await receive(one, { waitMs: 1000 })).toEqual([]);
      expect(bodies(await receive(one.restart()))).toEqual(["kept"]);
    });

    test("for every order of sends and receives, each message goes to one consumer", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.integer({ min: 1, max: 8 }),
          async (scheduler, count) => {
            const one = world();
            create(one);
            const sends = Array.from({ length: count }, (_, index) => `message-${index}`);
            const waiting: Promise<readonly ReceivedMessage[]>[] = [];
            const tasks = sends.flatMap((body) => [
              scheduler.schedule(Promise.resolve()).then(() => {
                waiting.push(receive(one, { messagesMax: 2, waitMs: 20_000 }));
              }),
              scheduler.schedule(Promise.resolve()).then(() => one.queues.send(JOBS, { body })),
            ]);
            await scheduler.waitFor(Promise.all(tasks));
            // Who takes two messages at once leaves another with none, whose time runs out.
            one.clock.advanceMs(20_000);
            const received = (await Promise.all(waiting)).flatMap(bodies);
            expect(received.toSorted()).toEqual(sends.toSorted());
            one.queues.close();
          },
        ),
        { numRuns: 50 },
      );
    });
  });
});

describe("AccountQueues after a restart", () => {
  const operation = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ send: fc.constantFrom("a", "b"), delaySec: fc.constantFrom(0, 3) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        receive: fc.integer({ min: 1, max: 3 }),
        visibilityTimeoutSec: fc.constantFrom(0, 2, 8),
      }),
    },
    { weight: 2, arbitrary: fc.record({ delete: fc.nat(6) }) },
    { weight: 2, arbitrary: fc.record({ hide: fc.nat(6), sec: fc.constantFrom(0, 5) }) },
    { weight: 2, arbitrary: fc.record({ advanceMs: fc.integer({ min: 1, max: 6000 }) }) },
    { weight: 1, arbitrary: fc.constant("purge" as const) },
    { weight: 3, arbitrary: fc.constant("restart" as const) },
  );
  type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

  /** Runs the operations; what was seen on the way. */
  async function seen(
    operations: readonly Operation[],
    { isFifo, restarts }: { isFifo: boolean; restarts: boolean },
  ): Promise<unknown[]> {
    let one = world();
    const arn = isFifo ? FIFO : JOBS;
    create(
      one,
      {
        ...(isFifo && { FifoQueue: "true", ContentBasedDeduplication: "true" }),
        MessageRetentionPeriod: "60",
      },
      isFifo ? "jobs.fifo" : "jobs",
    );
    const log: unknown[] = [];
    const handles: string[] = [];
    let sent = 0;
    for (const each of operations) {
      const queue = one.queues.findByArn(arn);
      if (queue === undefined) throw new Error("the queue is gone");
      if (each === "restart") {
        if (restarts) one = one.restart();
      } else if (each === "purge") queue.purge();
      else if ("send" in each) {
        sent += 1;
        // Every fifth body repeats one before, which a FIFO queue recognises.
        const body = `message-${sent % 5 === 0 ? sent - 3 : sent}`;
        const delay = isFifo ? {} : { delaySec: each.delaySec };
        await one.queues.send(arn, { body, groupId: each.send, ...delay });
      } else if ("receive" in each) {
        const { receive: messagesMax, visibilityTimeoutSec } = each;
        const messages = await receive(one, { messagesMax, visibilityTimeoutSec }, arn);
        handles.push(...messages.map(({ receiptHandle }) => receiptHandle));
        log.push(
          messages.map(({ body, md5OfBody, systemAttributes }) => {
            return { body, md5OfBody, systemAttributes };
          }),
        );
      } else if ("advanceMs" in each) one.clock.advanceMs(each.advanceMs);
      else if ("delete" in each) {
        const handle = handles[each.delete];
        if (handle !== undefined) await one.queues.delete(arn, handle);
      } else {
        const handle = handles[each.hide];
        if (handle !== undefined) one.queues.changeVisibility(arn, handle, each.sec);
      }
      log.push(one.queues.findByArn(arn)?.counts());
    }
    one.queues.close();
    return log;
  }

  test.each([{ isFifo: false }, { isFifo: true }])(
    "for every list of operations and restarts, goes on as if there had been none (FIFO: $isFifo)",
    async ({ isFifo }) => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
          const restarted = await seen(operations, { isFifo, restarts: true });
          expect(restarted).toEqual(await seen(operations, { isFifo, restarts: false }));
        }),
        { numRuns: 60 },
      );
    },
  );

  test("has the attributes and tags of its queues, and no deleted queue", () => {
    const one = world();
    create(one, { DelaySeconds: "3" });
    create(one, {}, "Jobs");
    create(one, {}, "gone");
    const jobs = one.queues.findByName("jobs");
    const gone = one.queues.findByName("gone");
    if (jobs === undefined || gone === undefined) throw new Error("a queue is missing");
    one.queues.setAttributes(jobs, { VisibilityTimeout: "9" });
    jobs.change({ tags: { team: "a" } });
    one.queues.remove(gone);
    const { queues } = one.restart();
    expect(queues.list().map(({ name }) => name)).toEqual(["Jobs", "jobs"]);
    expect(queues.findByName("jobs")?.record).toMatchObject({
      attributes: { DelaySeconds: "3", VisibilityTimeout: "9" },
      tags: { team: "a" },
    });
  });

  test("has binary attributes, the trace header and the source of a dead letter", async () => {
    const one = world();
    create(one, {}, "dead");
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: queueArn("dead"),
      maxReceiveCount: 1,
    });
    create(one, { RedrivePolicy });
    await one.queues.send(JOBS, {
      body: "hello",
      attributes: { raw: { dataType: "Binary", binaryValue: Buffer.from([0, 255]) } },
      systemAttributes: { AWSTraceHeader: { dataType: "String", stringValue: "Root=1" } },
    });
    await receive(one, { visibilityTimeoutSec: 0 });
    expect(await receive(one)).toEqual([]);
    const [message] = await receive(one.restart(), {}, queueArn("dead"));
    expect(message?.messageAttributes["raw"]?.binaryValue).toEqual(Buffer.from([0, 255]));
    expect(message?.systemAttributes).toMatchObject({
      AWSTraceHeader: "Root=1",
      DeadLetterQueueSourceArn: JOBS,
      ApproximateReceiveCount: "2",
    });
  });

  test("leaves a hidden message the rest of its time where the clock starts in the past", async () => {
    const one = world();
    create(one);
    one.clock.advanceMs(3_600_000);
    await one.queues.send(JOBS, { body: "hello" });
    await receive(one, { visibilityTimeoutSec: 30 });
    const next = one.restart(new VirtualClock());
    next.clock.advanceMs(29_999);
    expect(await receive(next)).toEqual([]);
    next.clock.advanceMs(1);
    const [message] = await receive(next);
    const sentMs = Number(message?.systemAttributes["SentTimestamp"]);
    expect(sentMs).toBeLessThanOrEqual(next.clock.epochMs());
  });

  test("keeps a file that stays small when messages come and go", async () => {
    const one = world();
    create(one);
    const body = "x".repeat(50_000);
    await one.queues.send(JOBS, { body: "stays", delaySec: 900 });
    for (let turn = 0; turn < 100; turn += 1) {
      await one.queues.send(JOBS, { body });
      const [message] = await receive(one);
      await one.queues.delete(JOBS, message?.receiptHandle ?? "");
    }
    const [file = ""] = readdirSync(one.directory);
    // A file is compacted when it has more than 1 MiB of the past; the last message comes on top.
    expect(statSync(join(one.directory, file)).size).toBeLessThan(1_200_000);
    const next = one.restart();
    next.clock.advanceMs(900_000);
    expect(bodies(await receive(next))).toEqual(["stays"]);
  });

  test("does not rewrite the file of a FIFO queue for the ids of messages that are gone", () => {
    const one = world();
    create(one, { FifoQueue: "true", ContentBasedDeduplication: "true" }, "jobs.fifo");
    const queue = one.queues.findByArn(FIFO);
    const [file = ""] = readdirSync(one.directory);
    const fileId = (): number => statSync(join(one.directory, file)).ino;
    const send = (body: string) => queue?.send({ body, attributes: {}, groupId: "g" });
    // The ids alone are more than the 1 MiB from which on a file can be worth compacting.
    for (let count = 0; count < 12_000; count += 1) send(`message-${count}`);
    queue?.purge();
    const fileIds = new Set([fileId()]);
    for (let turn = 0; turn < 20; turn += 1) {
      send(`turn-${turn}`);
      fileIds.add(fileId());
      queue?.purge();
      fileIds.add(fileId());
    }
    expect(fileIds.size).toBe(1);
  });

  test("is refused while a file is broken, which stays as it is", () => {
    const one = world();
    create(one);
    one.queues.close();
    const [file = ""] = readdirSync(one.directory);
    const path = join(one.directory, file);
    appendFileSync(path, '{"kind":"received","atMs":1,"ids":"all","visibleAtMs":2}\n');
    const before = readFileSync(path, "utf8");
    expect(() => world(one.directory)).toThrow(
      expect.objectContaining({
        code: "ERR_STATE_BROKEN",
        message: expect.stringContaining("ids must be a list"),
      }),
    );
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  test("passes over a file that was cut before it told of a queue", () => {
    const one = world();
    writeFileSync(join(one.directory, "cut.jsonl"), '{"kind":"que');
    expect(world(one.directory).queues.list()).toEqual([]);
    expect(readdirSync(one.directory)).toEqual([]);
  });
});
