import { describe, expect, test } from "vitest";

import {
  FUNCTION,
  QUEUE,
  ROLE,
  SchedulesUnderTest,
  SETTINGS,
} from "./testing/schedules-under-test.ts";

const target = (more: Record<string, unknown>) => ({ Target: { ...SETTINGS.Target, ...more } });
const seconds = (time: string) => Date.parse(time) / 1000;

/** What CreateSchedule says to settings that it refuses. */
const REFUSALS: readonly [settings: Record<string, unknown>, message: string][] = [
  [{ ScheduleExpression: "rate(0 minutes)" }, "Invalid Schedule Expression rate(0 minutes)."],
  [
    { ScheduleExpression: "at(2026-11-25T12:00:00)" },
    "Invalid Schedule Expression at(2026-11-25T12:00:00).",
  ],
  [{ ScheduleExpressionTimezone: "Mars/Base" }, "Invalid Schedule Expression Timezone Mars/Base."],
  [
    { FlexibleTimeWindow: { Mode: "OFF", MaximumWindowInMinutes: 5 } },
    "MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.",
  ],
  [
    { FlexibleTimeWindow: { Mode: "FLEXIBLE" } },
    "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.",
  ],
  [
    { StartDate: seconds("2026-11-25T11:55:00Z") },
    "The StartDate you specify cannot be earlier than 5 minutes ago.",
  ],
  [
    { StartDate: seconds("2026-12-02T00:00:00Z"), EndDate: seconds("2026-12-01T00:00:00Z") },
    "The StartDate you specify must come before the EndDate.",
  ],
  [
    target({ Arn: FUNCTION.replace("us-east-1", "eu-west-1") }),
    "The target ARN provided does not match the current region us-east-1.",
  ],
  [target({ Arn: "tick" }), "Provided Arn is not in correct format."],
  [
    target({ Arn: "arn:aws:s3:us-east-1:000000000000:bucket" }),
    "s3 is not a supported service for a target.",
  ],
  [target({ Input: "no JSON" }), "JSON syntax error in input for the target."],
  [
    target({ SqsParameters: { MessageGroupId: "g" } }),
    "Parameters SqsParameters not supported for the target.",
  ],
  [target({ Arn: `${QUEUE}.fifo` }), "Parameters SqsParameters must be specified."],
  [
    target({ Arn: QUEUE, SqsParameters: { MessageGroupId: "g" } }),
    "Parameters MessageGroupId not valid for the target.",
  ],
  [
    { FlexibleTimeWindow: undefined, State: "ON" },
    "2 validation errors detected: Value 'ON' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED]; Value null at 'flexibleTimeWindow' failed to satisfy constraint: Member must not be null",
  ],
  [
    target({ RetryPolicy: { MaximumRetryAttempts: 186 } }),
    "1 validation error detected: Value '186' at 'target.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 185",
  ],
];

describe("schedulerService", () => {
  test.each(REFUSALS)("refuses %j as AWS does", async (settings, Message) => {
    using world = new SchedulesUnderTest();
    expect(await world.create("tick", settings)).toEqual({
      statusCode: 400,
      errorType: "ValidationException",
      Message,
    });
    expect(world.schedules.size).toBe(0);
  });

  test("gives a schedule back with its defaults", async () => {
    using world = new SchedulesUnderTest();
    const ScheduleArn = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/tick";
    expect(await world.create("tick")).toMatchObject({ statusCode: 200, ScheduleArn });
    expect(await world.call("GET /schedules/tick")).toEqual({
      statusCode: 200,
      errorType: undefined,
      Arn: ScheduleArn,
      GroupName: "default",
      Name: "tick",
      ScheduleExpression: "rate(1 hour)",
      ScheduleExpressionTimezone: "UTC",
      State: "ENABLED",
      CreationDate: seconds("2026-11-25T12:00:30Z"),
      LastModificationDate: seconds("2026-11-25T12:00:30Z"),
      Target: {
        Arn: FUNCTION,
        RoleArn: ROLE,
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
      },
      FlexibleTimeWindow: { Mode: "OFF" },
      ActionAfterCompletion: "NONE",
    });
  });

  test("takes the same creation again, and refuses another one of the name", async () => {
    using world = new SchedulesUnderTest();
    await world.create("tick", { ClientToken: "one" });
    expect(await world.create("tick", { ClientToken: "one" })).toMatchObject({ statusCode: 200 });
    expect(await world.create("tick", { ClientToken: "two" })).toMatchObject({
      statusCode: 409,
      errorType: "ConflictException",
      Message: "Schedule tick already exists.",
    });
  });

  test("replaces all settings in an update", async () => {
    using world = new SchedulesUnderTest();
    await world.create("tick", { Description: "first", State: "DISABLED" });
    await world.pass(1_000);
    await world.call("PUT /schedules/tick", { ...SETTINGS, ScheduleExpression: "rate(2 hours)" });
    const updated = await world.call("GET /schedules/tick");
    expect(updated).toMatchObject({
      ScheduleExpression: "rate(2 hours)",
      State: "ENABLED",
      CreationDate: seconds("2026-11-25T12:00:30Z"),
      LastModificationDate: seconds("2026-11-25T12:00:31Z"),
    });
    expect(updated).not.toHaveProperty("Description");
  });

  test.each(["GET", "DELETE", "PUT"])(
    "says that there is no such schedule (%s)",
    async (method) => {
      using world = new SchedulesUnderTest();
      const body = method === "PUT" ? SETTINGS : undefined;
      expect(await world.call(`${method} /schedules/none`, body)).toEqual({
        statusCode: 404,
        errorType: "ResourceNotFoundException",
        Message: "Schedule none does not exist.",
      });
    },
  );

  test("lists schedules by group, prefix and state, page by page", async () => {
    using world = new SchedulesUnderTest();
    await world.call("POST /schedule-groups/other");
    for (const name of ["b1", "a", "b2"]) await world.create(name);
    await world.create("b3", { GroupName: "other", State: "DISABLED" });
    const names = async (query: string) => {
      const { Schedules, NextToken } = (await world.call(`GET /schedules?${query}`)) as {
        Schedules?: { Name: string }[];
        NextToken?: string;
      };
      return { names: Schedules?.map(({ Name }) => Name), NextToken };
    };
    expect(await names("ScheduleGroup=other")).toEqual({ names: ["b3"] });
    expect(await names("State=ENABLED&NamePrefix=b")).toEqual({ names: ["b1", "b2"] });
    const first = await names("MaxResults=3");
    expect(first.names).toEqual(["a", "b1", "b2"]);
    expect(await names(`NextToken=${first.NextToken}`)).toEqual({ names: ["b3"] });
    expect(await world.call("GET /schedules?ScheduleGroup=none")).toMatchObject({
      statusCode: 404,
      Message: "Schedule group none does not exist.",
    });
  });

  test("deletes a group with its schedules, but not the default one", async () => {
    using world = new SchedulesUnderTest();
    await world.call("POST /schedule-groups/other");
    await world.create("tick", { GroupName: "other" });
    expect(await world.call("DELETE /schedule-groups/other")).toMatchObject({ statusCode: 200 });
    expect(world.schedules.size).toBe(0);
    expect(await world.call("GET /schedules/tick?groupName=other")).toMatchObject({
      statusCode: 404,
      Message: "Schedule group other does not exist.",
    });
    expect(await world.call("DELETE /schedule-groups/default")).toMatchObject({
      statusCode: 400,
      Message: "This operation cannot be performed on schedule group default.",
    });
  });

  test("keeps the tags of groups", async () => {
    using world = new SchedulesUnderTest();
    const tag = (Key: string) => ({ Key, Value: "v" });
    await world.call("POST /schedule-groups/other", { Tags: [tag("a")] });
    const arn = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/other";
    const path = `/tags/${encodeURIComponent(arn)}`;
    await world.call(`POST ${path}`, { Tags: [tag("b"), tag("c")] });
    await world.call(`DELETE ${path}?TagKeys=a&TagKeys=c`);
    expect(await world.call(`GET ${path}`)).toMatchObject({ Tags: [tag("b")] });
  });
});
