import { describe, expect, test } from "vitest";

import {
  BusesUnderTest,
  DEAD_LETTERS,
  ABSENT,
  QUEUE,
  settled,
} from "./testing/buses-under-test.ts";

const ORDER = { Source: "shop", DetailType: "order", Detail: '{"id":12345678901234567890}' };
const RULE_ARN = "arn:aws:events:us-east-1:000000000000:rule/orders";

describe("EventBuses", () => {
  test("sends an event to the targets of the rules that it matches, its detail as it came", async () => {
    using world = new BusesUnderTest();
    await world.rule({ Name: "orders", EventPattern: '{"source":["shop"]}' });
    await world.rule({ Name: "returns", EventPattern: '{"source":["warehouse"]}' });
    const answer = await world.call("PutEvents", { Entries: [{ ...ORDER, Time: 1.5e9 }] });
    await settled();
    const [result] = (answer as { Entries?: { EventId: string }[] }).Entries ?? [];
    expect(world.received).toHaveLength(1);
    expect(world.received[0]?.body).toContain('"detail":{"id":12345678901234567890}');
    expect(world.bodies[0]).toMatchObject({
      version: "0",
      id: result?.EventId,
      "detail-type": "order",
      source: "shop",
      account: "000000000000",
      time: "2017-07-14T02:40:00Z",
      region: "us-east-1",
      resources: [],
    });
  });

  test("runs a rate rule for the first time after one period, and again after each", async () => {
    using world = new BusesUnderTest();
    await world.rule({ Name: "orders", ScheduleExpression: "rate(1 minute)" });
    await world.pass(59_000);
    expect(world.received).toEqual([]);
    await world.pass(121_000, 10_000);
    expect(world.received.map(({ atMs }) => atMs)).toEqual([60_000, 120_000, 180_000]);
    expect(world.bodies[0]).toEqual({
      version: "0",
      id: expect.any(String),
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: "000000000000",
      time: "2023-11-14T22:14:20Z",
      region: "us-east-1",
      resources: [RULE_ARN],
      detail: {},
    });
  });

  test("keeps buses, rules and targets over a restart, and does not make up for what it missed", async () => {
    using world = new BusesUnderTest();
    await world.call("CreateEventBus", { Name: "shop" });
    await world.rule({ Name: "every", ScheduleExpression: "rate(1 minute)" });
    world.buses.stop();
    world.clock.advanceMs(150_000);
    world.restart();
    await world.pass(30_000);
    expect(world.received.map(({ atMs }) => atMs)).toEqual([180_000]);
    expect(world.buses.listBuses().map(({ name }) => name)).toEqual(["default", "shop"]);
  });

  test("runs a disabled rule no more, until it is enabled", async () => {
    using world = new BusesUnderTest();
    await world.rule({ Name: "every", ScheduleExpression: "rate(1 minute)" });
    await world.call("DisableRule", { Name: "every" });
    await world.pass(60_000);
    expect(world.received).toEqual([]);
    await world.call("EnableRule", { Name: "every" });
    await world.pass(60_000);
    expect(world.received).toHaveLength(1);
  });

  test("tries a target that refuses again, later each time, and then puts the event aside", async () => {
    using world = new BusesUnderTest();
    await world.rule(
      { Name: "orders", EventPattern: '{"source":["shop"]}' },
      { RetryPolicy: { MaximumRetryAttempts: 2 }, DeadLetterConfig: { Arn: DEAD_LETTERS } },
    );
    world.refusal = "the queue is full";
    await world.call("PutEvents", { Entries: [ORDER] });
    await settled();
    await world.pass(2_999, 1_000);
    expect(world.received).toEqual([]);
    await world.pass(1);
    expect(world.received).toHaveLength(1);
    const [{ arn, attributes, body } = {}] = world.received;
    expect(arn).toBe(DEAD_LETTERS);
    expect(JSON.parse(body ?? "")).toMatchObject({ source: "shop" });
    expect(
      Object.fromEntries(
        Object.entries(attributes ?? {}).map(([name, { stringValue }]) => [name, stringValue]),
      ),
    ).toEqual({
      RULE_ARN,
      TARGET_ARN: QUEUE,
      ERROR_CODE: "ERROR_FROM_TARGET",
      ERROR_MESSAGE: "the queue is full",
      RETRY_ATTEMPTS: "2",
      EXHAUSTED_RETRY_CONDITION: "MaximumRetryAttempts",
    });
  });

  test("does not try a target again that does not exist", async () => {
    using world = new BusesUnderTest();
    await world.rule(
      { Name: "orders", EventPattern: '{"source":["shop"]}' },
      { Arn: ABSENT, DeadLetterConfig: { Arn: DEAD_LETTERS } },
    );
    await world.call("PutEvents", { Entries: [ORDER] });
    await settled();
    expect(world.received[0]?.attributes).toMatchObject({
      ERROR_CODE: { stringValue: "NO_RESOURCE" },
      RETRY_ATTEMPTS: { stringValue: "0" },
    });
  });

  test("says which message it drops, and why", async () => {
    using world = new BusesUnderTest();
    await world.rule({ Name: "orders", EventPattern: '{"source":["shop"]}' }, { Arn: ABSENT });
    await world.call("PutEvents", { Entries: [ORDER] });
    await settled();
    await world.call("PutTargets", {
      Rule: "orders",
      Targets: [{ Id: "only", Arn: ABSENT, DeadLetterConfig: { Arn: QUEUE } }],
    });
    world.refusal = "the queue is full";
    await world.call("PutEvents", { Entries: [ORDER] });
    await settled();
    const dropped = `ERR_EVENT_DROPPED: a message of ${RULE_ARN} for ${ABSENT} was dropped: the target does not exist.`;
    expect(world.told).toEqual([
      `${dropped} Give its target a dead-letter queue to keep such messages.`,
      `${dropped} Its dead-letter queue ${QUEUE}: the queue is full`,
    ]);
  });

  test("passes events on to another bus, and no further than that", async () => {
    using world = new BusesUnderTest();
    const pattern = '{"source":["shop"]}';
    for (const [from, to] of [
      ["one", "two"],
      ["two", "one"],
    ]) {
      await world.call("CreateEventBus", { Name: from });
      const Arn = `arn:aws:events:us-east-1:000000000000:event-bus/${to}`;
      await world.call("PutRule", { Name: "pass", EventBusName: from, EventPattern: pattern });
      await world.call("PutTargets", {
        Rule: "pass",
        EventBusName: from,
        Targets: [
          { Id: "bus", Arn },
          { Id: "queue", Arn: QUEUE, Input: JSON.stringify(from) },
        ],
      });
    }
    await world.call("PutEvents", { Entries: [{ ...ORDER, EventBusName: "one" }] });
    await settled();
    expect(new Set(world.bodies)).toEqual(new Set(["one", "two"]));
    expect(world.bodies).toHaveLength(2);
  });

  test("takes messages of other services as events", async () => {
    using world = new BusesUnderTest();
    await world.rule({ Name: "all", EventPattern: '{"version":["0"]}' });
    const event = { source: "lambda", detailType: "Result", resources: ["arn:of:function"] };
    const bus = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    expect(world.buses.deliver(bus, { body: '{"a":1}', event })).toEqual({ kind: "delivered" });
    await settled();
    expect(world.bodies[0]).toMatchObject({
      "detail-type": "Result",
      resources: ["arn:of:function"],
      detail: { a: 1 },
    });
    expect(world.buses.deliver(`${bus}2`, { body: "{}", event })).toMatchObject({
      kind: "refused",
    });
    for (const refused of [{ body: "no JSON", event }, { body: "[]", event }, { body: "{}" }]) {
      expect(world.buses.deliver(bus, refused)).toMatchObject({ kind: "refused" });
    }
  });
});
