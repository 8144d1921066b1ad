import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import { PilotlightError } from "@pilotlight/core";
import { VirtualClock } from "@pilotlight/core/testing";
import { afterEach, describe, expect, test } from "vitest";

import { AwsError } from "../lambda/aws-error.ts";
import type { RequestMembers } from "../lambda/function-input.ts";
import { FunctionStore } from "../lambda/function-store.ts";
import { EventSources } from "./event-sources.ts";
import { FakeFunction, SUCCEEDED } from "./testing/fake-function.ts";
import { FakeQueue } from "./testing/fake-queue.ts";

const QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue";
const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:consumer";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** An account with one queue, one function and the mappings between them. */
function account({ isFifo = false, settleMs = 0 } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "pilotlight-event-source-"));
  cleanUps.push(() => rmSync(directory, { recursive: true }));
  const journalPath = join(directory, "event-source-mappings.jsonl");
  const clock = new VirtualClock();
  const queue = new FakeQueue({ clock, isFifo });
  const consumer = new FakeFunction();
  const store = new FunctionStore({ clock, onRetired: () => undefined });
  createFunction(store, 30);
  const start = () =>
    new EventSources({
      store,
      queues: queue,
      functions: consumer,
      clock,
      journalPath,
      concurrencyMax: 100,
      settleMs,
      onError: (error) => {
        throw error;
      },
    });
  return { clock, queue, consumer, store, start, sources: start(), journalPath };
}

function createFunction(store: FunctionStore, timeoutSec: number): void {
  const record = store.create("consumer", {
    settings: {
      description: "",
      handler: "index.handler",
      runtime: "nodejs24.x",
      role: "arn:aws:iam::000000000000:role/any",
      memoryMb: 128,
      timeoutSec,
      architecture: "x86_64",
      variables: {},
      ephemeralStorageMb: 512,
      nodePath: [],
    },
    code: { directory: "/nowhere", sha256: "", sizeBytes: 0, isOwned: false },
  });
  store.finishCreation(record);
}

const members = (more: RequestMembers = {}): RequestMembers => ({
  FunctionName: "consumer",
  EventSourceArn: QUEUE,
  ...more,
});

function refusal(run: () => unknown): { type: string; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof AwsError) return { type: error.type, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

const uuidOf = (body: Readonly<Record<string, unknown>>) => String(body["UUID"]);

describe("EventSources", () => {
  test("moves through AWS's states on the service clock", () => {
    const { sources, clock } = account({ settleMs: 1_000 });
    const body = sources.create(members());
    const uuid = uuidOf(body);
    const states = [body["State"], sources.get(uuid).phase];
    clock.advanceMs(1_000);
    states.push(sources.get(uuid).phase);
    for (const change of [
      { BatchSize: 5 },
      { Enabled: false },
      { BatchSize: 6 },
      { Enabled: true },
    ]) {
      states.push(sources.update(uuid, change)["State"]);
      clock.advanceMs(1_000);
      states.push(sources.get(uuid).phase);
    }
    states.push(sources.delete(uuid)["State"], sources.get(uuid).phase);
    clock.advanceMs(1_000);
    expect(states).toEqual([
      "Creating",
      "creating",
      "enabled",
      "Updating",
      "enabled",
      "Disabling",
      "disabled",
      "Updating",
      "disabled",
      "Enabling",
      "enabled",
      "Deleting",
      "deleting",
    ]);
    expect(refusal(() => sources.get(uuid)).type).toBe("ResourceNotFoundException");
  });

  test("refuses a request while the one before it has not ended", () => {
    const { sources } = account({ settleMs: 1_000 });
    const uuid = uuidOf(sources.create(members()));
    expect(refusal(() => sources.update(uuid, { BatchSize: 1 }))).toEqual({
      type: "ResourceInUseException",
      message: "Cannot update the event source mapping because it is in use.",
    });
    expect(refusal(() => sources.delete(uuid)).message).toBe(
      "Cannot delete the event source mapping because it is in use.",
    );
    expect(sources.get(uuid).settings.batchSize).toBe(10);
  });

  test("takes messages while it is enabled, and none before, after or in between", async () => {
    const { sources, queue, consumer } = account();
    consumer.respond = () => SUCCEEDED;
    const uuid = uuidOf(sources.create(members({ Enabled: false })));
    queue.put("one");
    await setImmediate();
    expect(consumer.calls).toHaveLength(0);

    sources.update(uuid, { Enabled: true });
    await setImmediate();
    expect(consumer.calls).toHaveLength(1);

    sources.update(uuid, { Enabled: false });
    queue.put("two");
    await setImmediate();
    sources.update(uuid, { Enabled: true, BatchSize: 3 });
    await setImmediate();
    expect(consumer.calls).toHaveLength(2);

    sources.delete(uuid);
    const left = queue.put("three");
    await setImmediate();
    expect(consumer.calls).toHaveLength(2);
    expect(queue.visibleIds).toEqual([left]);
    await sources.end();
  });

  test("keeps its mappings over a restart; they wait for their function", async () => {
    const { sources, queue, consumer, start, clock } = account();
    consumer.respond = () => SUCCEEDED;
    const kept = uuidOf(sources.create(members({ BatchSize: 7 })));
    sources.update(kept, { FunctionResponseTypes: ["ReportBatchItemFailures"] });
    const gone = uuidOf(sources.create(members({ FunctionName: "consumer:$LATEST" })));
    sources.delete(gone);
    await sources.end();

    consumer.isThere = false;
    const id = queue.put("one");
    const restarted = start();
    expect(restarted.list()).toMatchObject([
      { uuid: kept, phase: "enabled", settings: { batchSize: 7, reportsFailures: true } },
    ]);
    await setImmediate();
    expect(queue.visibleIds).toEqual([id]);

    consumer.isThere = true;
    clock.advanceMs(1_000);
    await setImmediate();
    expect(queue.deleted).toEqual([id]);
    await restarted.end();
  });

  test("keeps a mapping that is disabled, and its file short", async () => {
    const { sources, start, journalPath } = account();
    const uuid = uuidOf(sources.create(members()));
    sources.update(uuid, { Enabled: false });
    for (let size = 1; size <= 300; size += 1) {
      sources.update(uuid, { BatchSize: 1 + (size % 10) });
    }
    await sources.end();
    expect(readFileSync(journalPath, "utf8").split("\n").length).toBeLessThan(150);
    const restarted = start();
    expect(restarted.get(uuid)).toMatchObject({ phase: "disabled", settings: { batchSize: 1 } });
    await restarted.end();
  });

  test("says which file is broken", async () => {
    const { sources, start, journalPath } = account();
    await sources.end();
    for (const line of ["null", '{"kind":"kept"}', '{"kind":"deleted"}', "7"]) {
      writeFileSync(journalPath, `${line}\n`);
      expect(start).toThrow(PilotlightError);
      expect(start).toThrow(journalPath);
    }
  });

  test("can be disabled when its function is gone", () => {
    const { sources, store } = account();
    const uuid = uuidOf(sources.create(members()));
    store.delete(store.get("consumer"));
    expect(sources.update(uuid, { Enabled: false })["State"]).toBe("Disabling");
    expect(refusal(() => sources.update(uuid, { FunctionName: "consumer" })).message).toBe(
      "Function does not exist",
    );
  });

  test("clears filters, concurrency and response types by empty ones", () => {
    const { sources } = account();
    const uuid = uuidOf(
      sources.create(
        members({
          FilterCriteria: { Filters: [{ Pattern: '{"body":["a"]}' }] },
          ScalingConfig: { MaximumConcurrency: 2 },
          FunctionResponseTypes: ["ReportBatchItemFailures"],
        }),
      ),
    );
    const untouched = sources.update(uuid, { BatchSize: 2 });
    expect(untouched).toMatchObject({
      FilterCriteria: { Filters: [{ Pattern: '{"body":["a"]}' }] },
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    const cleared = sources.update(uuid, {
      FilterCriteria: {},
      ScalingConfig: {},
      FunctionResponseTypes: [],
    });
    expect(cleared).not.toHaveProperty("FilterCriteria");
    expect(cleared).not.toHaveProperty("ScalingConfig");
    expect(cleared).toMatchObject({ BatchSize: 2, FunctionResponseTypes: [] });
  });

  test("names the function as the request did, with version or alias", () => {
    const { sources, store } = account();
    store.publish(store.get("consumer"));
    const arns = ["consumer", FUNCTION, "000000000000:function:consumer:1", "consumer:$LATEST"].map(
      (FunctionName) => {
        const body = sources.create(members({ FunctionName }));
        sources.delete(uuidOf(body));
        return body["FunctionArn"];
      },
    );
    expect(arns).toEqual([FUNCTION, FUNCTION, `${FUNCTION}:1`, `${FUNCTION}:$LATEST`]);
  });

  test("refuses a second mapping of the same queue and function", () => {
    const { sources } = account();
    const uuid = uuidOf(sources.create(members()));
    expect(refusal(() => sources.create(members()))).toEqual({
      type: "ResourceConflictException",
      message: `An event source mapping with SQS arn (" ${QUEUE} ") and function (" consumer ") already exists. Please update or delete the existing mapping with UUID ${uuid}`,
    });
    const other = uuidOf(sources.create(members({ FunctionName: "consumer:$LATEST" })));
    expect(refusal(() => sources.update(other, { FunctionName: "consumer" })).type).toBe(
      "ResourceConflictException",
    );
  });

  test("refuses a function that may run longer than the queue hides its messages", () => {
    const { sources, store } = account();
    store.delete(store.get("consumer"));
    createFunction(store, 31);
    expect(refusal(() => sources.create(members()))).toEqual({
      type: "InvalidParameterValueException",
      message: "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds",
    });
  });

  test("refuses windows and larger batches for a FIFO queue", () => {
    const { sources, queue } = account({ isFifo: true });
    const create = (more: RequestMembers) =>
      refusal(() => sources.create(members({ EventSourceArn: queue.arn, ...more }))).message;
    expect(create({ MaximumBatchingWindowInSeconds: 1 })).toBe(
      "Batching window is not supported for FIFO queues",
    );
    expect(create({ BatchSize: 11 })).toMatch(/^Maximum batch window in seconds must be greater/);
  });

  test.for<[string, RequestMembers, string]>([
    [
      "no function",
      { FunctionName: undefined },
      "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null",
    ],
    [
      "a batch without messages and a long window",
      { BatchSize: 0, MaximumBatchingWindowInSeconds: 301 },
      "2 validation errors detected: Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater than or equal to 1; Value '301' at 'maximumBatchingWindowInSeconds' failed to satisfy constraint: Member must have value less than or equal to 300",
    ],
    [
      "too large a batch",
      { BatchSize: 10_001 },
      "1 validation error detected: Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000",
    ],
    [
      "a concurrency of one",
      { ScalingConfig: { MaximumConcurrency: 1 } },
      "1 validation error detected: Value '1' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: Member must have value greater than or equal to 2",
    ],
    [
      "a concurrency over 1,000",
      { ScalingConfig: { MaximumConcurrency: 1_001 } },
      "1 validation error detected: Value '1001' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: Member must have value less than or equal to 1000",
    ],
    [
      "an unknown response type",
      { FunctionResponseTypes: ["Other"] },
      "1 validation error detected: Value '[Other]' at 'functionResponseTypes' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]",
    ],
    ["no source", { EventSourceArn: undefined }, "Unrecognized event source."],
    [
      "a source of another service",
      { EventSourceArn: "arn:aws:sns:us-east-1:000000000000:topic" },
      "Unrecognized event source.",
    ],
    ["an unknown function", { FunctionName: "other" }, "Function does not exist"],
    ["an unknown alias", { FunctionName: "consumer:live" }, "Function does not exist"],
    [
      "an unknown queue",
      { EventSourceArn: `${QUEUE}-other` },
      "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.",
    ],
    [
      "a large batch without a window",
      { BatchSize: 11 },
      "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    ],
    [
      "a destination",
      { DestinationConfig: { OnFailure: { Destination: QUEUE } } },
      "Unsupported DestinationConfig parameter for given event source mapping type.",
    ],
    [
      "retries",
      { MaximumRetryAttempts: 2 },
      "Unsupported MaximumRetryAttempts parameter for given event source mapping type.",
    ],
    [
      "a starting position",
      { StartingPosition: "LATEST" },
      "StartingPosition is not valid for SQS event sources.",
    ],
    [
      "a filter without a pattern",
      { FilterCriteria: { Filters: [{}] } },
      "Invalid filter pattern definition.",
    ],
    [
      "a filter that is plain text",
      { FilterCriteria: { Filters: [{ Pattern: "simple string" }] } },
      "Invalid filter pattern definition.",
    ],
    [
      "a number in a text",
      { BatchSize: "5" },
      'Could not parse request body into json: BatchSize must be an integer; got "5"',
    ],
  ])("refuses %s", ([, more, message]) => {
    const { sources } = account();
    expect(refusal(() => sources.create(members(more))).message).toBe(message);
    expect(sources.list()).toEqual([]);
  });

  test("refuses the same in an update, which then changes nothing", () => {
    const { sources } = account();
    const uuid = uuidOf(sources.create(members()));
    const before = structuredClone(sources.get(uuid));
    for (const change of [
      { BatchSize: 11 },
      { FunctionName: "other" },
      { MaximumBatchingWindowInSeconds: 301 },
      { FilterCriteria: { Filters: [{ Pattern: "[]" }] } },
      { MaximumRetryAttempts: 1 },
      { Enabled: "yes" },
    ]) {
      expect(() => sources.update(uuid, change)).toThrow(AwsError);
    }
    expect(sources.get(uuid)).toEqual(before);
  });

  test("says which sources it has where AWS has another one", () => {
    const { sources } = account();
    const kinesis = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
    const { type, message } = refusal(() => sources.create(members({ EventSourceArn: kinesis })));
    expect(type).toBe("NotImplementedException");
    expect(message).toContain("it has SQS queues");
  });
});
