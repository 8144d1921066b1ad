import { describe, expect, test } from "vitest";

import {
  DEAD_LETTERS,
  FUNCTION,
  QUEUE,
  ROLE,
  SchedulesUnderTest,
} from "./testing/schedules-under-test.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ARN = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/tick";

describe("Schedules", () => {
  test("runs a rate at once, and then after each period", async () => {
    using world = new SchedulesUnderTest();
    await world.create("tick");
    await world.pass(2 * HOUR_MS, HOUR_MS / 2);
    expect(world.times).toEqual([
      "2026-11-25T12:00:30Z",
      "2026-11-25T13:00:30Z",
      "2026-11-25T14:00:30Z",
    ]);
  });

  test("starts a rate at its start date, and ends it before its end date", async () => {
    using world = new SchedulesUnderTest();
    await world.create("tick", {
      StartDate: Date.parse("2026-11-25T13:00:00Z") / 1000,
      EndDate: Date.parse("2026-11-25T15:00:00Z") / 1000,
    });
    await world.pass(6 * HOUR_MS, HOUR_MS / 2);
    expect(world.times).toEqual(["2026-11-25T13:00:00Z", "2026-11-25T14:00:00Z"]);
  });

  test("runs a pattern in its time zone", async () => {
    using world = new SchedulesUnderTest();
    await world.create("tick", {
      ScheduleExpression: "cron(0 9 ? * MON-FRI *)",
      ScheduleExpressionTimezone: "Asia/Tokyo",
    });
    await world.pass(5 * DAY_MS, HOUR_MS);
    expect(world.times).toEqual([
      "2026-11-26T00:00:00Z",
      "2026-11-27T00:00:00Z",
      "2026-11-30T00:00:00Z",
    ]);
  });

  test("runs once at a time, and deletes itself afterwards where it is told to", async () => {
    using world = new SchedulesUnderTest();
    const once = { ScheduleExpression: "at(2026-11-25T13:00:00)" };
    await world.create("stays", once);
    await world.create("goes", { ...once, ActionAfterCompletion: "DELETE" });
    await world.pass(DAY_MS, HOUR_MS);
    expect(world.times).toEqual(["2026-11-25T13:00:00Z", "2026-11-25T13:00:00Z"]);
    expect(world.schedules.list().map(({ name }) => name)).toEqual(["stays"]);
  });

  test("gives a target without input a notification of its own", async () => {
    using world = new SchedulesUnderTest();
    await world.create("tick");
    await world.pass(1);
    expect(JSON.parse(world.received[0]?.body ?? "")).toEqual({
      version: "0",
      id: expect.any(String),
      "detail-type": "Scheduled Event",
      source: "aws.scheduler",
      account: "000000000000",
      time: "2026-11-25T12:00:30Z",
      region: "us-east-1",
      resources: [ARN],
      detail: "{}",
    });
  });

  test("fills in what an input asks for, the number of the attempt anew each time", async () => {
    using world = new SchedulesUnderTest();
    world.refusal = "busy";
    const keywords = ["schedule-arn", "scheduled-time", "execution-id", "attempt-number"];
    const Input = JSON.stringify([...keywords, "other"].map((name) => `<aws.scheduler.${name}>`));
    await world.create("tick", { Target: { Arn: FUNCTION, RoleArn: ROLE, Input } });
    await world.pass(1);
    world.refusal = undefined;
    await world.pass(1_000);
    expect(JSON.parse(world.received[0]?.body ?? "")).toEqual([
      ARN,
      "2026-11-25T12:00:30Z",
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      "2",
      "<aws.scheduler.other>",
    ]);
  });

  test("puts aside what a target does not take, as soon as its policy says so", async () => {
    using world = new SchedulesUnderTest();
    world.refusal = "busy";
    await world.create("tick", {
      Target: {
        Arn: FUNCTION,
        RoleArn: ROLE,
        RetryPolicy: { MaximumRetryAttempts: 1 },
        DeadLetterConfig: { Arn: DEAD_LETTERS },
      },
    });
    await world.pass(2_000, 500);
    expect(world.received).toMatchObject([
      {
        arn: DEAD_LETTERS,
        attributes: {
          SCHEDULE_ARN: { stringValue: ARN },
          SCHEDULED_TIME: { stringValue: "2026-11-25T12:00:30Z" },
          TARGET_ARN: { stringValue: FUNCTION },
          RETRY_ATTEMPTS: { stringValue: "1" },
          ERROR_MESSAGE: { stringValue: "busy" },
          EXHAUSTED_RETRY_CONDITION: { stringValue: "MaximumRetryAttempts" },
          IS_PAYLOAD_TRUNCATED: { stringValue: "false" },
        },
      },
    ]);
  });

  test("sends to FIFO queues with a group, and to event buses as an event", async () => {
    using world = new SchedulesUnderTest();
    const SqsParameters = { MessageGroupId: "group" };
    await world.create("queue", {
      Target: { Arn: `${QUEUE}.fifo`, RoleArn: ROLE, Input: "plain text", SqsParameters },
    });
    await world.create("bus", {
      Target: {
        Arn: "arn:aws:events:us-east-1:000000000000:event-bus/default",
        RoleArn: ROLE,
        Input: "{}",
        EventBridgeParameters: { DetailType: "tick", Source: "clock" },
      },
    });
    await world.pass(1);
    expect(world.received).toMatchObject([
      { body: "plain text", groupId: "group" },
      { body: "{}", event: { source: "clock", detailType: "tick" } },
    ]);
  });

  test("runs within its window, each time for the time that was planned", async () => {
    using world = new SchedulesUnderTest("2026-11-25T00:00:00Z");
    await world.create("tick", {
      ScheduleExpression: "cron(0 * * * ? *)",
      FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 90 },
      Target: { Arn: FUNCTION, RoleArn: ROLE, Input: '"<aws.scheduler.scheduled-time>"' },
    });
    await world.pass(DAY_MS, 60_000);
    const planned = world.received.map(({ body }) => Date.parse(JSON.parse(body) as string));
    const delays = world.times.map(
      (at, index) => (Date.parse(at) - (planned[index] ?? 0)) / 60_000,
    );
    // Each hour has its run, though some come after the next one's time.
    expect(planned.slice(0, 20)).toEqual(
      Array.from({ length: 20 }, (_, hour) => Date.parse("2026-11-25T00:00:00Z") + hour * HOUR_MS),
    );
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeGreaterThan(60);
  });

  test("goes on after a restart, and does not make up for what it missed", async () => {
    using world = new SchedulesUnderTest();
    await world.create("tick");
    await world.create("once", { ScheduleExpression: "at(2026-11-25T13:00:00)" });
    await world.pass(1);
    world.restart(2.5 * HOUR_MS);
    await world.pass(HOUR_MS, HOUR_MS / 2);
    expect(world.times).toEqual(["2026-11-25T12:00:30Z", "2026-11-25T15:00:30Z"]);
    expect(world.schedules.size).toBe(2);
  });

  test("does not run while it is disabled", async () => {
    using world = new SchedulesUnderTest();
    await world.create("tick", { State: "DISABLED" });
    await world.pass(3 * HOUR_MS, HOUR_MS);
    expect(world.received).toEqual([]);
  });
});
