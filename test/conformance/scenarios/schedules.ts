import { invariant } from "@pilotlight/core";

import type { CaseRun } from "../case-run.ts";
import { eventually } from "../emulator-under-test.ts";
import type { HttpReply } from "../http-reply.ts";
import type { Scenario } from "../scenario.ts";

/** A minute of service time then takes a second. */
const SPEED = 60;

/** EventBridge Scheduler's validation, and the event of a rule with a schedule. */
export const SCHEDULE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "scheduler-invalid-expressions": { play: independentSteps },
  "scheduler-valid-cron": { play: independentSteps },
  "eventbridge-scheduled-rule-event": {
    speed: SPEED,
    observe: {
      "messages-first": async (run) => {
        await ruleToQueue(run);
        return receivedMessages(run);
      },
      "messages-second": receivedMessages,
    },
    also: (run, expect) => {
      const [first = 0, second = 0] = ticks(run).map(({ time }) => Date.parse(time));
      expect(second - first).toBe(60_000);
    },
  },
};

/** Each step makes a schedule of the same name, and so finds none. */
async function independentSteps(run: CaseRun): Promise<string[]> {
  const found: string[] = [];
  const Name = run.functionName;
  for (const [index, { when, then = {} }] of run.file.steps.entries()) {
    invariant(when?.http !== undefined && when.api !== undefined, "each step creates a schedule");
    const reply = await run.emulator.call({
      service: "scheduler",
      api: when.api,
      ...when.http,
      params: {
        ...when.params,
        Name,
        Target: { Arn: run.functionArn, RoleArn: "arn:aws:iam::000000000000:role/conformance" },
      },
    });
    found.push(...run.check(reply, then).map((sentence) => `step ${index}: ${sentence}`));
    if (reply.status !== 200) continue;
    const path = { method: "DELETE", uri: "/schedules/{Name}" };
    await run.emulator.call({
      service: "scheduler",
      api: "DeleteSchedule",
      ...path,
      params: { Name },
    });
  }
  return found;
}

async function ruleToQueue(run: CaseRun): Promise<void> {
  const Name = run.functionName;
  await called(run, "sqs", "CreateQueue", { QueueName: Name });
  await called(run, "events", "PutRule", { Name, ScheduleExpression: "rate(1 minute)" });
  await called(run, "events", "PutTargets", {
    Rule: Name,
    Targets: [{ Id: "queue", Arn: `arn:aws:sqs:us-east-1:000000000000:${Name}` }],
  });
  run.bindings.set("rule-name", Name);
}

/** The next message, its body parsed as the recorder did. */
function receivedMessages(run: CaseRun): Promise<unknown> {
  return eventually(async () => {
    const reply = await called(run, "sqs", "ReceiveMessage", {
      QueueUrl: queueUrl(run),
      WaitTimeSeconds: 20,
    });
    const { Messages = [] } = reply.json as { Messages?: Message[] };
    if (Messages.length === 0) throw new Error("the rule has sent nothing yet");
    run.replies.push(reply);
    for (const { ReceiptHandle } of Messages) {
      await called(run, "sqs", "DeleteMessage", { QueueUrl: queueUrl(run), ReceiptHandle });
    }
    return Messages.map((message) => ({ ...message, Body: JSON.parse(message.Body) as unknown }));
  });
}

interface Message {
  readonly Body: string;
  readonly ReceiptHandle: string;
}

function ticks({ replies }: CaseRun): { readonly time: string }[] {
  return replies
    .flatMap(({ json }) => (json as { Messages?: Message[] }).Messages ?? [])
    .map(({ Body }) => JSON.parse(Body) as { time: string });
}

function queueUrl({ emulator, functionName }: CaseRun): string {
  return `${emulator.awsUrl}/000000000000/${functionName}`;
}

async function called(
  run: CaseRun,
  ...[service, api, params]: [service: string, api: string, params: Record<string, unknown>]
): Promise<HttpReply> {
  const reply = await run.emulator.call({ service, api, method: "POST", uri: "/", params });
  if (reply.status !== 200) throw new Error(`${api}: ${reply.status} ${reply.text}`);
  return reply;
}
