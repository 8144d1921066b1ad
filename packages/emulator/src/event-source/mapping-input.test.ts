import { afterEach, describe, expect, test } from "vitest";

import { AwsError } from "../lambda/aws-error.ts";
import type { RequestMembers } from "../lambda/function-input.ts";
import {
  account,
  createFunction,
  members,
  QUEUE,
  refusal,
  removeAccounts,
  uuidOf,
} from "./testing/account.ts";

afterEach(removeAccounts);

describe("newMapping", () => {
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

  test("says which sources it has where AWS has another one", () => {
    const { sources } = account();
    const kinesis = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
    const { type, message } = refusal(() => sources.create(members({ EventSourceArn: kinesis })));
    expect(type).toBe("NotImplementedException");
    expect(message).toContain("it has SQS queues");
  });
});

describe("changedMapping", () => {
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
});
