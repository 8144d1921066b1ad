import { describe, expect, test } from "vitest";

import { BusesUnderTest, QUEUE } from "./testing/buses-under-test.ts";

const PATTERN = '{"source":["shop"]}';
const TARGET = { Id: "one", Arn: QUEUE };

/** What each request is refused with; every one is made after a rule `orders` with the target `one`. */
const REFUSALS: readonly [operation: string, members: unknown, type: string, message: string][] = [
  [
    "PutRule",
    { Name: "none" },
    "ValidationException",
    "Parameter(s) EventPattern or ScheduleExpression must be specified.",
  ],
  [
    "PutRule",
    { Name: "none", ScheduleExpression: "rate(1 minutes)" },
    "ValidationException",
    "Parameter ScheduleExpression is not valid.",
  ],
  [
    "PutRule",
    { Name: "none", EventPattern: PATTERN, EventBusName: "no-bus" },
    "ResourceNotFoundException",
    "Event bus no-bus does not exist.",
  ],
  [
    "PutRule",
    { Name: "none", EventPattern: '{"source":[]}' },
    "InvalidEventPatternException",
    "Event pattern is not valid. Reason: Empty arrays are not allowed",
  ],
  [
    "PutRule",
    { Name: "no!", EventPattern: PATTERN },
    "ValidationException",
    "1 validation error detected: Value 'no!' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
  ],
  [
    "PutRule",
    { Name: "none", EventPattern: PATTERN, State: "ON" },
    "ValidationException",
    "1 validation error detected: Value 'ON' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]",
  ],
  [
    "PutRule",
    {},
    "ValidationException",
    "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
  ],
  [
    "DescribeRule",
    { Name: "none" },
    "ResourceNotFoundException",
    "Rule none does not exist on EventBus default.",
  ],
  [
    "DeleteRule",
    { Name: "orders" },
    "ValidationException",
    "Rule can't be deleted since it has targets.",
  ],
  [
    "PutTargets",
    { Rule: "orders", Targets: [{ Id: "two", Arn: `${QUEUE}.fifo` }] },
    "ValidationException",
    "Parameter(s) SqsParameters must be specified for target: two.",
  ],
  [
    "PutTargets",
    { Rule: "orders", Targets: [{ Id: "two", Arn: "queue" }] },
    "ValidationException",
    "Parameter queue is not valid. Reason: Provided Arn is not in correct format.",
  ],
  [
    "PutTargets",
    { Rule: "orders", Targets: [{ ...TARGET, Input: "{}", InputPath: "$" }] },
    "ValidationException",
    "Only one of Input, InputPath, or InputTransformer must be provided for target one.",
  ],
  [
    "PutTargets",
    { Rule: "orders", Targets: [{ ...TARGET, Input: "no JSON" }] },
    "ValidationException",
    "JSON syntax error in input for target one.",
  ],
  [
    "PutTargets",
    { Rule: "orders", Targets: [{ ...TARGET, InputPath: "detail" }] },
    "ValidationException",
    "InputPath for target one is invalid.",
  ],
  [
    "PutTargets",
    { Rule: "orders", Targets: [{ ...TARGET, EcsParameters: {} }] },
    "ValidationException",
    "Parameter(s) EcsParameters not supported for target: one.",
  ],
  [
    "PutTargets",
    {
      Rule: "orders",
      Targets: Array.from({ length: 5 }, (_, index) => ({ ...TARGET, Id: `t${index}` })),
    },
    "LimitExceededException",
    "The requested resource exceeds the maximum number allowed.",
  ],
  [
    "PutTargets",
    { Rule: "orders", Targets: [{ Id: "s", Arn: "arn:aws:sns:us-east-1:000000000000:topic" }] },
    "NotImplementedException",
    "arn:aws:sns:us-east-1:000000000000:topic is no target that is emulated; there are lambda, sqs, and events (another event bus).",
  ],
  [
    "CreateEventBus",
    { Name: "default" },
    "ResourceAlreadyExistsException",
    "Event bus default already exists.",
  ],
  ["PutEvents", '{"Entries"', "SerializationException", "The request body is not a JSON object"],
];

describe("eventsService", () => {
  test.each(REFUSALS)("refuses %s of %j as AWS does", async (operation, members, ...error) => {
    using world = new BusesUnderTest();
    await world.rule({ Name: "orders", EventPattern: PATTERN }, TARGET);
    const answer = await world.call(operation, members);
    expect(answer).toMatchObject({ __type: error[0], message: error[1] });
  });

  test("answers each entry of PutEvents by itself", async () => {
    using world = new BusesUnderTest();
    const good = { Source: "shop", DetailType: "order", Detail: "{}" };
    const answer = await world.call("PutEvents", {
      Entries: [
        good,
        { ...good, Detail: undefined },
        { ...good, Source: "" },
        { ...good, Detail: "[]" },
        { ...good, Source: "aws.s3" },
        { ...good, EventBusName: "absent" },
      ],
    });
    expect(answer).toEqual({
      statusCode: 200,
      FailedEntryCount: 4,
      Entries: [
        { EventId: expect.any(String) },
        {
          ErrorCode: "InvalidArgument",
          ErrorMessage: "Parameter Detail is not valid. Reason: Detail is a required argument.",
        },
        {
          ErrorCode: "InvalidArgument",
          ErrorMessage: "Parameter Source is not valid. Reason: Source is a required argument.",
        },
        { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." },
        {
          ErrorCode: "NotAuthorizedForSourceException",
          ErrorMessage: "Not authorized for the source.",
        },
        { EventId: expect.any(String) },
      ],
    });
  });

  test("takes 1,048,576 bytes of entries in a request, and not one more", async () => {
    using world = new BusesUnderTest();
    // Source and DetailType are two bytes, the detail has seven beside its text.
    const entry = (chars: number) => ({
      Source: "s",
      DetailType: "d",
      Detail: `{"a":"${"x".repeat(chars)}"}`,
    });
    const largest = 1_048_576 - 2 - 8;
    expect(await world.call("PutEvents", { Entries: [entry(largest)] })).toMatchObject({
      FailedEntryCount: 0,
    });
    expect(await world.call("PutEvents", { Entries: [entry(largest + 1)] })).toMatchObject({
      statusCode: 400,
      message: "Total size of the entries in the request is over the limit.",
    });
  });

  test("describes, lists and pages rules", async () => {
    using world = new BusesUnderTest();
    for (const Name of ["b", "a", "c"])
      await world.call("PutRule", { Name, EventPattern: PATTERN });
    expect(await world.call("DescribeRule", { Name: "a" })).toEqual({
      statusCode: 200,
      Name: "a",
      Arn: "arn:aws:events:us-east-1:000000000000:rule/a",
      EventPattern: PATTERN,
      State: "ENABLED",
      EventBusName: "default",
      CreatedBy: "000000000000",
    });
    const first = await world.call("ListRules", { Limit: 2 });
    expect(first).toMatchObject({ Rules: [{ Name: "a" }, { Name: "b" }] });
    const { NextToken } = first as { NextToken?: string };
    const rest = await world.call("ListRules", { Limit: 2, NextToken });
    expect(rest).toMatchObject({ Rules: [{ Name: "c" }] });
    expect(rest).not.toHaveProperty("NextToken");
  });

  test("removes targets, and says which ones a rule does not have", async () => {
    using world = new BusesUnderTest();
    await world.rule({ Name: "orders", EventPattern: PATTERN }, TARGET);
    expect(await world.call("ListTargetsByRule", { Rule: "orders" })).toMatchObject({
      Targets: [TARGET],
    });
    expect(await world.call("RemoveTargets", { Rule: "orders", Ids: ["one", "two"] })).toEqual({
      statusCode: 200,
      FailedEntryCount: 1,
      FailedEntries: [
        {
          TargetId: "two",
          ErrorCode: "ResourceNotFoundException",
          ErrorMessage: "Rule orders does not have a target with the Id two.",
        },
      ],
    });
    expect(await world.call("DeleteRule", { Name: "orders" })).toEqual({ statusCode: 200 });
  });

  test("keeps the tags of rules and buses", async () => {
    using world = new BusesUnderTest();
    const ResourceARN = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    const tag = (Key: string) => ({ Key, Value: "v" });
    await world.call("TagResource", { ResourceARN, Tags: [tag("a"), tag("b")] });
    await world.call("UntagResource", { ResourceARN, TagKeys: ["a"] });
    expect(await world.call("ListTagsForResource", { ResourceARN })).toMatchObject({
      Tags: [tag("b")],
    });
  });

  test("says which operations there are", async () => {
    using world = new BusesUnderTest();
    expect(await world.call("StartReplay")).toMatchObject({
      statusCode: 501,
      message: expect.stringContaining("PutEvents"),
    });
  });
});
