import type { CaseValue, Step } from "../case-file.ts";
import type { CaseRun } from "../case-run.ts";
import type { Names } from "../constructed.ts";
import { packageOf } from "../deployment-package.ts";
import { eventually } from "../emulator-under-test.ts";
import type { HttpReply } from "../http-reply.ts";
import type { Scenario } from "../scenario.ts";
import { withParams, withValue } from "../step-changes.ts";

const logsEvents = packageOf("echo.returnsNothing");
const reports = packageOf("queue-consumer.reports");
const forwards = packageOf("queue-consumer.forwards");

/** Visibility timeouts of seconds are waited for; an environment must start well within one. */
const SPEED = 2;

type Attributes = Readonly<Record<string, string>>;

/** Event source mappings of queues: their operations, and what their functions get. */
export const EVENT_SOURCE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "esm-errors": { names: () => ({ "random-uuid": "4a4ca5e3-0a4c-4a3f-8f58-6d2d3d3e1f10" }) },
  "esm-filter-single": {
    code: logsEvents,
    prepare: (run) => createQueue(run, "source"),
    names: (run) => ({ queue_arn_1: queueArn(run, "source") }),
    rewrite: withoutNullDigest,
    observe: {
      invocation_events: async (run) => {
        await send(run, "source", '{"my-key": "my-value"}');
        await send(run, "source", '{"my-key": "other-value"}');
        return eventsOf(run);
      },
    },
    also: async (run, expect) => {
      await emptied(run, "source");
      expect(await eventsOf(run)).toHaveLength(1);
    },
  },
  "esm-invalid-filter": {
    code: logsEvents,
    prepare: (run) => createQueue(run, "source"),
    names: (run) => ({ queue_arn_1: queueArn(run, "source") }),
    also: async (run, expect) => {
      for (const pattern of [undefined, "simple string", "[]", "{}"]) {
        const reply = await run.emulator.call({
          api: "CreateEventSourceMapping",
          method: "POST",
          uri: "/2015-03-31/event-source-mappings",
          params: {
            EventSourceArn: queueArn(run, "source"),
            FunctionName: run.functionName,
            FilterCriteria: { Filters: [{ Pattern: pattern }] },
          },
        });
        expect(reply.json).toMatchObject({ message: "Invalid filter pattern definition." });
      }
    },
  },
  "esm-sqs-basic": {
    code: logsEvents,
    prepare: (run) => createQueue(run, "source"),
    names: (run) => ({
      queue_arn_1: queueArn(run, "source"),
      queue_url_1: queueUrl(run, "source"),
    }),
    rewrite: withoutNullDigest,
    observe: { events: eventsOf },
    also: (run) => emptied(run, "source"),
  },
  "esm-sqs-batch-size-rules": {
    code: logsEvents,
    prepare: async (run) => {
      await createQueue(run, "source");
      await createQueue(run, "other");
    },
    names: (run) => ({
      queue_arn: queueArn(run, "source"),
      queue_arn_2: queueArn(run, "other"),
      uuid: uuidOf(run),
    }),
  },
  "esm-sqs-empty-result-is-success": {
    ...reporting({ VisibilityTimeout: "5", maxReceiveCount: 1 }),
    also: async (run, expect) => {
      await emptied(run, "source");
      expect(await countOf(run, "dead-letter")).toBe(0);
    },
  },
  "esm-sqs-fifo-group-is-serial": {
    code: packageOf("queue-consumer.sleeps"),
    names: (run) => ({
      "test-queue": queueName(run, "source").replace(".fifo", ""),
      queue_arn: queueArn(run, "source", ".fifo"),
      queue_url: queueUrl(run, "source", ".fifo"),
      esm_uuid: uuidOf(run),
      i: "1",
    }),
    // An order shows as well when each invocation takes one second.
    rewrite: (step) =>
      step.when?.api === "CreateFunction"
        ? withParams(step, { Environment: { Variables: { TEST_SLEEP_S: "1" } } })
        : step,
    during: {
      3: async (run) => {
        for (const body of ["message-2", "message-3"]) {
          await call(run, "SendMessage", {
            QueueUrl: queueUrl(run, "source", ".fifo"),
            MessageBody: body,
            MessageGroupId: "fixed-message-group-id-test",
          });
        }
      },
    },
    also: async (run, expect) => {
      const marks = await eventually(() => {
        const lines = run.emulator.log(run.functionName);
        const found = lines.flatMap((line) => /^(?:START|END)/.exec(line) ?? []);
        expect(found).toHaveLength(6);
        return found;
      });
      expect(marks).toEqual(["START", "END", "START", "END", "START", "END"]);
    },
  },
  "esm-sqs-invalid-partial-result-fails-whole-batch": {
    ...reporting({ VisibilityTimeout: "5", maxReceiveCount: 2 }),
  },
  "esm-sqs-lambda-error-fails-whole-batch": {
    ...reporting({ VisibilityTimeout: "2", maxReceiveCount: 2 }),
    observe: { dlq_messages: (run) => deadLetters(run, 2) },
  },
  "esm-sqs-message-attributes": forwarding({ VisibilityTimeout: "30" }),
  "esm-sqs-partial-batch-failure": {
    ...reporting({ VisibilityTimeout: "8", maxReceiveCount: 2 }, ".fifo"),
    also: async (run, expect) => {
      await emptied(run, "source", ".fifo");
      const starts = run.emulator.log(run.functionName).filter((line) => line.startsWith("START"));
      expect(starts).toHaveLength(2);
    },
  },
  "esm-sqs-redrive-to-dlq": {
    ...forwarding({ VisibilityTimeout: "5", maxReceiveCount: 2 }),
    during: {
      4: async (run, expect) => expect(await countOf(run, "dead-letter")).toBe(0),
    },
  },
  "esm-sqs-retry-after-visibility-timeout": {
    ...forwarding({ VisibilityTimeout: "5" }),
    also: (run) => emptied(run, "source"),
  },
};

interface SourceSettings {
  readonly VisibilityTimeout: string;
  readonly maxReceiveCount?: number;
}

/** A function that tells a queue what it got and returned. */
function reporting(settings: SourceSettings, suffix = ""): Scenario {
  return { ...withQueues(settings, suffix), code: reports };
}

/** A function that tells a queue what it got, and whether it has failed. */
function forwarding(settings: SourceSettings): Scenario {
  return { ...withQueues(settings, ""), code: forwards };
}

/** A source with its dead-letter queue, both of one kind, and a queue that the function writes to. */
function withQueues({ VisibilityTimeout, maxReceiveCount }: SourceSettings, suffix: string) {
  return {
    speed: SPEED,
    prepare: async (run) => {
      const kind: Attributes = suffix === "" ? {} : { FifoQueue: "true" };
      await createQueue(run, "destination");
      await createQueue(run, "dead-letter", { suffix, attributes: kind });
      const redrive: Attributes =
        maxReceiveCount === undefined
          ? {}
          : {
              RedrivePolicy: JSON.stringify({
                deadLetterTargetArn: queueArn(run, "dead-letter", suffix),
                maxReceiveCount,
              }),
            };
      await createQueue(run, "source", {
        suffix,
        attributes: { ...kind, VisibilityTimeout, ...redrive },
      });
    },
    names: (run): Names => ({
      event_source_arn: queueArn(run, "source", suffix),
      event_source_url: queueUrl(run, "source", suffix),
      event_dlq_url: queueUrl(run, "dead-letter", suffix),
      destination_url: queueUrl(run, "destination"),
      mapping_uuid: uuidOf(run),
    }),
    // A first environment may need longer than one wait for messages; an empty answer takes nothing.
    rewrite: (step: Step): Step =>
      step.when?.api === "ReceiveMessage"
        ? { ...step, poll: "until the function has had its time" }
        : step,
  } satisfies Scenario;
}

/** On Node the member is absent where there is nothing to digest, as in other recordings of the same day. */
function withoutNullDigest(step: Step): Step {
  return withValue(step, (value) => {
    const events = value as readonly { readonly Records: readonly CaseValue[] }[];
    return events.map(({ Records }) => ({
      Records: Records.map((record) => {
        const { md5OfMessageAttributes: _none, ...others } = record as Record<string, CaseValue>;
        return others;
      }),
    }));
  });
}

function queueName(run: CaseRun, role: string, suffix = ""): string {
  return `${run.file.id}-${role}${suffix}`;
}

function queueArn(run: CaseRun, role: string, suffix = ""): string {
  return `arn:aws:sqs:us-east-1:000000000000:${queueName(run, role, suffix)}`;
}

function queueUrl(run: CaseRun, role: string, suffix = ""): string {
  return `${run.emulator.awsUrl}/000000000000/${queueName(run, role, suffix)}`;
}

async function createQueue(
  run: CaseRun,
  role: string,
  { suffix = "", attributes = {} }: { suffix?: string; attributes?: Attributes } = {},
): Promise<void> {
  await call(run, "CreateQueue", {
    QueueName: queueName(run, role, suffix),
    Attributes: attributes,
  });
}

function send(run: CaseRun, role: string, body: string): Promise<HttpReply> {
  return call(run, "SendMessage", { QueueUrl: queueUrl(run, role), MessageBody: body });
}

async function call(
  run: CaseRun,
  api: string,
  params: Readonly<Record<string, unknown>>,
): Promise<HttpReply> {
  const reply = await run.emulator.call({ service: "sqs", api, method: "POST", uri: "/", params });
  if (reply.status !== 200) throw new Error(`${api}: ${reply.status} ${reply.text}`);
  return reply;
}

/** Messages in the queue, whether they are hidden or not. */
async function countOf(run: CaseRun, role: string, suffix = ""): Promise<number> {
  const reply = await call(run, "GetQueueAttributes", {
    QueueUrl: queueUrl(run, role, suffix),
    AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
  });
  const { Attributes: counts } = reply.json as { Attributes: Attributes };
  return Object.values(counts).reduce((sum, count) => sum + Number(count), 0);
}

async function emptied(run: CaseRun, role: string, suffix = ""): Promise<void> {
  await eventually(async () => {
    const count = await countOf(run, role, suffix);
    if (count > 0) throw new Error(`${count} messages are left in ${queueName(run, role)}`);
  });
}

/** The events that the function has logged; it waits for the first one. */
function eventsOf(run: CaseRun): Promise<unknown[]> {
  return eventually(() => {
    const texts = run.emulator
      .log(run.functionName)
      .flatMap((line) => /\tINFO\t(\{.*\})$/.exec(line)?.[1] ?? []);
    if (texts.length === 0) throw new Error("the function has had no event yet");
    return texts.map((text) => JSON.parse(text) as unknown);
  });
}

/** The messages of the dead-letter queue, in the order in which they were sent. */
async function deadLetters(run: CaseRun, count: number): Promise<unknown[]> {
  await eventually(async () => {
    if ((await countOf(run, "dead-letter")) < count) throw new Error("messages are missing");
  });
  const reply = await call(run, "ReceiveMessage", {
    QueueUrl: queueUrl(run, "dead-letter"),
    MaxNumberOfMessages: 10,
  });
  const { Messages = [] } = reply.json as { Messages?: { readonly Body: string }[] };
  return Messages.toSorted((one) => (one.Body.startsWith("{not") ? -1 : 1));
}

function uuidOf(run: CaseRun): string {
  const uuids = run.replies.map(({ json }) => (json as { UUID?: string } | undefined)?.UUID);
  return uuids.find((uuid) => uuid !== undefined) ?? "";
}
