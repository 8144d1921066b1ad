import type { ExpectStatic } from "vitest";

import type { CaseValue, Step } from "../case-file.ts";
import { type CaseRun, requestIdOf } from "../case-run.ts";
import { packageOf } from "../deployment-package.ts";
import { eventually } from "../emulator-under-test.ts";
import { httpCall } from "../http-reply.ts";
import type { Scenario } from "../scenario.ts";
import { withParams } from "../step-changes.ts";

/** AWS waits one minute for the first retry and two for the second: one second and two. */
const SPEED = 60;

const failing = packageOf("asynchronous.fails");

/** A case with a queue: what receives from it observes the messages, because their bodies are JSON texts on the wire. */
const withQueue: Scenario = {
  speed: SPEED,
  names: queueNames,
  prepare: async (run) => {
    const reply = await sqs(run, "CreateQueue", { QueueName: queueName(run) });
    run.expect(reply.status).toBe(200);
  },
  rewrite: (step) => (step.when?.api === "ReceiveMessage" ? observing(step, "received") : step),
};

/** Asynchronous invocation: its settings, its retries, and where its records go. */
export const ASYNCHRONOUS_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "event-invoke-config-lifecycle": {
    code: packageOf("echo.handler"),
    names: () => ({ "publish_version_result.Version": "1" }),
  },
  "event-invoke-config-put-errors": {
    code: packageOf("echo.handler"),
    names: ({ functionArn }) => ({
      fn_arn: functionArn,
      "fn_arn with :lambda: replaced by :iam:": functionArn.replace(":lambda:", ":iam:"),
    }),
    // One of the recording's ARNs has a piece of its test's code in it.
    rewrite: (step) => {
      const isCode = JSON.stringify(step.when?.params ?? {}).includes("get_partition");
      const Destination = "arn:aws:lambda:{region}:{account}:function:doesnotexist";
      return isCode
        ? withParams(step, { DestinationConfig: { OnSuccess: { Destination } } })
        : step;
    },
  },
  "async-error-retries-log": {
    speed: SPEED,
    code: failing,
    also: async (run, expect) => {
      const reports = await attemptsOf(run, { reply: run.lastReply, count: 2 });
      expect(reports[0]).toContain("Init Duration");
      expect(reports[1]).not.toContain("Init Duration");
    },
  },
  "request-id-kept-across-async-retries": {
    speed: SPEED,
    code: failing,
    observe: {
      end_messages: async (run) => {
        await attemptsOf(run, { reply: run.lastReply, count: 2 });
        return linesOf(run, "END RequestId: ");
      },
    },
    also: (run, expect) => {
      const requestId = requestIdOf(run.lastReply);
      for (const line of linesOf(run, "REPORT ")) expect(line).toContain(requestId);
      expect(minutesBetweenAttempts(run)[0]).toBeGreaterThan(0.9);
    },
  },
  "dead-letter-queue": {
    ...withQueue,
    code: packageOf("asynchronous.handler"),
    observe: { received: (run) => receive(run, { MessageAttributeNames: ["All"] }) },
    also: (run, expect) => expect(linesOf(run, "START ")).toHaveLength(3),
  },
  "destination-on-success": {
    ...withQueue,
    code: packageOf("asynchronous.handler"),
    names: (run) => ({ ...queueNames(run), payload: "{}" }),
    observe: { received: (run) => receive(run, { MessageAttributeNames: ["All"] }) },
  },
  "destination-on-failure": {
    ...withQueue,
    code: packageOf("asynchronous.handler"),
    names: (run) => ({ ...queueNames(run), payload: '{"raise_error":1}' }),
    observe: { received: (run) => receive(run, { MessageAttributeNames: ["All"] }) },
  },
  "destination-after-two-retries": {
    ...withQueue,
    code: failing,
    observe: {
      received: async (run) => {
        // The recording is of the second time that the message was received.
        await receive(run, { VisibilityTimeout: 1 });
        return receive(run, { AttributeNames: ["All"], VisibilityTimeout: 1 });
      },
    },
    also: (run, expect) => {
      const starts = linesOf(run, "START ");
      expect(starts).toHaveLength(3);
      expect(new Set(starts).size).toBe(1);
      const [first = 0, second = 0] = minutesBetweenAttempts(run);
      expect(first).toBeGreaterThan(0.9);
      expect(second).toBeGreaterThan(1.9);
    },
  },
  "destination-event-age-exceeded": {
    ...withQueue,
    code: failing,
    observe: {
      no_retry_failure_message: (run) => takeWithAttributes(run),
      single_retry_failure_message: (run) => takeWithAttributes(run),
    },
    also: (run, expect) => expect(linesOf(run, "START ")).toHaveLength(3),
  },
  "destination-eventbridge": {
    ...withQueue,
    code: packageOf("asynchronous.succeedsOrFails"),
    observe: {
      lambda_destination_event_bus_success: async (run) => {
        await sendToBus(run, run.expect);
        return eventAfter(run, { mode: "success" });
      },
      lambda_destination_event_bus_failure: (run) => eventAfter(run, { mode: "failure" }),
    },
  },
};

function queueName({ functionName }: CaseRun): string {
  return functionName;
}

function queueNames(run: CaseRun): Readonly<Record<string, string>> {
  return {
    queue_arn: `arn:aws:sqs:us-east-1:000000000000:${queueName(run)}`,
    queue_url: queueUrl(run),
    "destination or dead-letter queue": queueUrl(run),
    "retry-msg": "message-1",
  };
}

function queueUrl(run: CaseRun): string {
  return `${run.emulator.awsUrl}/000000000000/${queueName(run)}`;
}

function sqs(run: CaseRun, api: string, params: Readonly<Record<string, unknown>>) {
  return run.emulator.call({ service: "sqs", api, method: "POST", uri: "/", params });
}

/** The step as an observation of the same value. */
function observing({ then = {} }: Step, name: string): Step {
  const { body, volatile = [] } = then;
  return {
    observe: name,
    // oxlint-disable-next-line unicorn/no-thenable -- the cases' own word, and nobody awaits a step
    then: {
      ...(body !== undefined && { value: body }),
      volatile: volatile.map((path) => path.replace("$.body", "$.value")),
    },
  };
}

interface Message {
  readonly Body: string;
  readonly ReceiptHandle: string;
}

/** The answer to ReceiveMessage as soon as there is a message, its body parsed. */
function receive(run: CaseRun, params: object): Promise<{ readonly Messages: readonly object[] }> {
  return eventually(async () => {
    const reply = await sqs(run, "ReceiveMessage", { QueueUrl: queueUrl(run), ...params });
    const { Messages = [] } = reply.json as { Messages?: readonly Message[] };
    if (Messages.length === 0) throw new Error(`there is no message: ${reply.text}`);
    return {
      Messages: Messages.map((message) => ({
        ...message,
        Body: JSON.parse(message.Body) as CaseValue,
      })),
    };
  });
}

/** Takes one message out of the queue. */
async function take(run: CaseRun, params: object = {}): Promise<{ readonly Body: unknown }> {
  const { Messages } = await receive(run, params);
  const [message] = Messages as readonly { Body: unknown; ReceiptHandle: string }[];
  if (message === undefined) throw new Error("the queue has given no message");
  const { ReceiptHandle } = message;
  await sqs(run, "DeleteMessage", { QueueUrl: queueUrl(run), ReceiptHandle });
  return message;
}

function takeWithAttributes(run: CaseRun) {
  return take(run, { AttributeNames: ["All"] });
}

function linesOf(run: CaseRun, start: string): string[] {
  return run.emulator.log(run.functionName).filter((line) => line.startsWith(start));
}

/** The REPORT lines of an event, as soon as there are as many. */
function attemptsOf(
  run: CaseRun,
  { reply, count }: { reply: Parameters<typeof requestIdOf>[0]; count: number },
): Promise<string[]> {
  return eventually(() => {
    const reports = linesOf(run, `REPORT RequestId: ${requestIdOf(reply)}`);
    if (reports.length < count) throw new Error(`only ${reports.length} attempts`);
    return reports;
  });
}

/** Service time between the lines that the function has logged, minutes. */
function minutesBetweenAttempts(run: CaseRun): number[] {
  const lines = run.emulator.log(run.functionName).filter((line) => line.endsWith("attempt"));
  const times = lines.map((line) => Date.parse(line.split("\t")[0] ?? ""));
  return times.slice(1).map((time, index) => ((time - (times[index] ?? 0)) * SPEED) / 60_000);
}

/** Sends the function's records to an event bus, and from there to the queue. */
async function sendToBus(run: CaseRun, expect: ExpectStatic): Promise<void> {
  const bus = { EventBusName: run.functionName };
  const arn = `arn:aws:events:us-east-1:000000000000:event-bus/${run.functionName}`;
  const { queue_arn: queueArn } = queueNames(run);
  const calls = [
    ["CreateEventBus", { Name: run.functionName }],
    ["PutRule", { ...bus, Name: "all", EventPattern: '{"version":["0"]}' }],
    ["PutTargets", { ...bus, Rule: "all", Targets: [{ Id: "queue", Arn: queueArn }] }],
  ] as const;
  for (const [api, params] of calls) {
    const reply = await events(run, api, params);
    expect([api, reply.status, reply.text]).toEqual([api, 200, expect.any(String)]);
  }
  const reply = await run.emulator.call({
    api: "PutFunctionEventInvokeConfig",
    method: "PUT",
    uri: "/2019-09-25/functions/{FunctionName}/event-invoke-config",
    params: {
      FunctionName: run.functionName,
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnSuccess: { Destination: arn }, OnFailure: { Destination: arn } },
    },
  });
  expect(reply.status).toBe(200);
}

async function eventAfter(run: CaseRun, event: object): Promise<unknown> {
  await run.invoke({ InvocationType: "Event", Payload: JSON.stringify(event) });
  return (await take(run)).Body;
}

function events(run: CaseRun, api: string, params: object) {
  return httpCall(run.emulator.awsUrl, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": `AWSEvents.${api}`,
      Authorization:
        "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/events/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify(params),
  });
}
