import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import {
  ConflictException,
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  ResourceNotFoundException,
  SchedulerClient,
  UpdateScheduleCommand,
  ValidationException,
} from "@aws-sdk/client-scheduler";
import { afterEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator,
  stopScriptedEmulators,
} from "../testing/scripted-emulator.ts";

afterEach(stopScriptedEmulators);

async function start() {
  const started = await startScriptedEmulator();
  const options = {
    endpoint: started.emulator.awsUrl,
    region: "us-east-1",
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
  };
  await started.call(`POST ${FUNCTIONS}`, newFunction("tick"));
  const payloads = () =>
    started.environments.flatMap(({ invocations }) =>
      invocations.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as unknown),
    );
  return {
    ...started,
    payloads,
    scheduler: new SchedulerClient(options),
    events: new EventBridgeClient(options),
  };
}

const SETTINGS = {
  ScheduleExpression: "rate(5 minutes)",
  FlexibleTimeWindow: { Mode: "OFF" as const },
  Target: {
    Arn: `${ARN}tick`,
    RoleArn: "arn:aws:iam::000000000000:role/any",
    Input: '{"from":"schedule"}',
  },
};

describe("AWS's own clients", () => {
  test("make, read, change, list and delete schedules", async () => {
    const { scheduler } = await start();
    await scheduler.send(new CreateScheduleGroupCommand({ Name: "group" }));
    const at = { Name: "tick", GroupName: "group" };
    const EndDate = new Date("2030-01-01T00:00:00Z");
    await scheduler.send(new CreateScheduleCommand({ ...SETTINGS, ...at, EndDate }));
    const made = await scheduler.send(new GetScheduleCommand(at));
    expect(made).toMatchObject({ ...SETTINGS, EndDate, State: "ENABLED" });
    await scheduler.send(new UpdateScheduleCommand({ ...SETTINGS, ...at, State: "DISABLED" }));
    const { Schedules } = await scheduler.send(new ListSchedulesCommand({ GroupName: "group" }));
    expect(Schedules).toMatchObject([{ ...at, State: "DISABLED" }]);
    await scheduler.send(new DeleteScheduleCommand(at));
    await expect(scheduler.send(new GetScheduleCommand(at))).rejects.toThrow(
      ResourceNotFoundException,
    );
  });

  test("get Scheduler's refusals as its exceptions", async () => {
    const { scheduler } = await start();
    const settings = { ...SETTINGS, Name: "tick" };
    await scheduler.send(new CreateScheduleCommand(settings));
    await expect(scheduler.send(new CreateScheduleCommand(settings))).rejects.toThrow(
      ConflictException,
    );
    const wrong = new CreateScheduleCommand({ ...settings, ScheduleExpression: "rate(1 week)" });
    const error: unknown = await scheduler.send(wrong).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ValidationException);
    expect(error).toMatchObject({ message: "Invalid Schedule Expression rate(1 week)." });
  });

  test("have functions run by schedules and by events", async () => {
    const { scheduler, events, clock, payloads } = await start();
    await scheduler.send(new CreateScheduleCommand({ ...SETTINGS, Name: "tick" }));
    clock.advanceMs(1);
    await expect.poll(payloads).toEqual([{ from: "schedule" }]);
    await events.send(new PutRuleCommand({ Name: "all", EventPattern: '{"source":["shop"]}' }));
    await events.send(
      new PutTargetsCommand({ Rule: "all", Targets: [{ Id: "tick", Arn: `${ARN}tick` }] }),
    );
    const { FailedEntryCount } = await events.send(
      new PutEventsCommand({
        Entries: [{ Source: "shop", DetailType: "order", Detail: '{"id":1}' }],
      }),
    );
    expect(FailedEntryCount).toBe(0);
    await expect.poll(() => payloads()[1]).toMatchObject({ source: "shop", detail: { id: 1 } });
  });
});
