import type { CaseValue, Step } from "../case-file.ts";
import type { CaseRun } from "../case-run.ts";
import { eventually } from "../emulator-under-test.ts";
import { httpCall, type HttpReply } from "../http-reply.ts";
import type { Scenario } from "../scenario.ts";
import { withBody, withStatus } from "../step-changes.ts";

const AUTHORIZATION =
  "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0";

/** What a message of 1 MiB has left for its attributes, and a byte more. */
const BODY_BYTES = 1_048_576 - 100;

const TRACE_HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

const SYSTEM_ATTRIBUTES = [
  "ApproximateFirstReceiveTimestamp",
  "ApproximateReceiveCount",
  "SentTimestamp",
  "AWSTraceHeader",
  "DeadLetterQueueSourceArn",
];

interface Received {
  readonly ReceiptHandle: string;
  readonly Body: string;
}

const queueName = (run: CaseRun): string => `case-${run.file.id}`;
const queueUrl = (run: CaseRun, name = queueName(run)): string =>
  `${run.emulator.awsUrl}/000000000000/${name}`;

/** Calls SQS; the queue is the case's own unless the parameters say otherwise. */
async function call(run: CaseRun, api: string, params: object = {}): Promise<HttpReply> {
  const reply = await run.emulator.call({
    service: "sqs",
    api,
    method: "POST",
    uri: "/",
    params: { QueueUrl: queueUrl(run), ...params },
  });
  if (reply.status !== 200) throw new Error(`${api}: ${reply.status} ${reply.text}`);
  return reply;
}

const creating =
  (attributes: object = {}, suffix = "") =>
  async (run: CaseRun): Promise<void> => {
    await call(run, "CreateQueue", {
      QueueName: queueName(run) + suffix,
      Attributes: attributes,
    });
  };

async function receive(run: CaseRun, params: object = {}): Promise<readonly Received[]> {
  const reply = await call(run, "ReceiveMessage", { MaxNumberOfMessages: 10, ...params });
  return (reply.json as { Messages?: readonly Received[] }).Messages ?? [];
}

/** Handles of the messages that the cases have received, by the id of the case. */
const handles = new Map<string, string>();

/** Receives the message, and waits until it can be received again. */
async function receiveAndLetExpire(run: CaseRun): Promise<void> {
  const [message] = await receive(run);
  handles.set(run.file.id, message?.ReceiptHandle ?? "");
  await eventually(async () => {
    const AttributeNames = ["ApproximateNumberOfMessages"];
    const { json } = await call(run, "GetQueueAttributes", { AttributeNames });
    const { Attributes } = json as { Attributes: Record<string, string> };
    if (Attributes["ApproximateNumberOfMessages"] !== "1") throw new Error("still hidden");
  });
}

/** Sends two messages, receives them as often as the redrive policy lets, and reads the dead-letter queue. */
async function deadLetters(run: CaseRun): Promise<unknown> {
  await creating({}, "-dead")(run);
  const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:${queueName(run)}-dead`;
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 });
  await creating({ RedrivePolicy })(run);
  await call(run, "SendMessage", {
    MessageBody: "message-1",
    MessageAttributes: { MyAttribute: { StringValue: "foobar", DataType: "String" } },
    MessageSystemAttributes: {
      AWSTraceHeader: { StringValue: TRACE_HEADER, DataType: "String" },
    },
  });
  await call(run, "SendMessage", { MessageBody: "message-2" });
  await receive(run, { VisibilityTimeout: 0 });
  await receive(run);
  const messages = await receive(run, {
    QueueUrl: `${queueUrl(run)}-dead`,
    AttributeNames: SYSTEM_ATTRIBUTES,
    MessageAttributeNames: ["All"],
  });
  return messages.toSorted((one, other) => (one.Body < other.Body ? -1 : 1));
}

const names = (run: CaseRun) => ({ queue_url: queueUrl(run) });
const fifoNames = (run: CaseRun) => {
  const messages = run.replies.flatMap(
    ({ json }) => (json as { Messages?: readonly Received[] } | undefined)?.Messages ?? [],
  );
  return {
    queue_url: queueUrl(run, `${queueName(run)}.fifo`),
    fifo_group: "group",
    fifo_dedup: "deduplication",
    uid: "1",
    "response.Messages.0.ReceiptHandle": messages[0]?.ReceiptHandle,
  };
};

/** The recorder parsed the body of the message; on the wire it is the text that was sent. */
function withBodyAsSent(step: Step): Step {
  return withBody(step, (body) => {
    const sent = JSON.stringify('{"foo": "bar"}');
    const text = JSON.stringify(body).replace('"Body":{"foo":"bar"}', `"Body":${sent}`);
    return JSON.parse(text) as CaseValue;
  });
}

/** The last call is one of the query protocol, whose parameters are a form. */
function withQueryCall(step: Step): Step {
  if (step.when?.service !== "sqs_query") return step;
  return withStatus({ ...step, when: { http: { method: "POST", uri: "/" } } }, 400);
}

/** The last two calls repeat the first two through a second client, whose expectations the case leaves out. */
function withRefusals(step: Step): Step {
  return step.setup === true ? withStatus(step, 400) : step;
}

export const SQS_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "sqs-change-visibility-after-expiry": {
    names: (run) => ({ ...names(run), receipt: handles.get(run.file.id) }),
    before: { 0: creating({ VisibilityTimeout: "1" }), 1: receiveAndLetExpire },
  },
  "sqs-delete-after-visibility-timeout": {
    names: (run) => ({ ...names(run), receipt_handle: handles.get(run.file.id) }),
    before: { 0: creating({ VisibilityTimeout: "1" }), 1: receiveAndLetExpire },
    observe: {
      delete_after_timeout_queue_empty: (run) => call(run, "ReceiveMessage"),
    },
  },
  "sqs-dlq-message-attributes": { observe: { "dlq-messages": deadLetters } },
  "sqs-fifo-dedup-after-delete": {
    names: fifoNames,
    before: { 0: creating({ FifoQueue: "true", ContentBasedDeduplication: "true" }, ".fifo") },
    rewrite: withBodyAsSent,
  },
  "sqs-fifo-needs-group-and-dedup": {
    names: fifoNames,
    before: { 0: creating({ FifoQueue: "true" }, ".fifo") },
    rewrite: withRefusals,
  },
  "sqs-oversized-message": {
    names: (run) => ({
      sqs_queue: queueUrl(run),
      message_body: "a".repeat(BODY_BYTES),
      message_attributes: { k: { DataType: "String", StringValue: "x".repeat(94) } },
    }),
    before: { 0: creating() },
  },
  "sqs-receive-empty": { names, before: { 0: creating() } },
  "sqs-unknown-queue": {
    names: (run) => ({ ...names(run), "test-queue": queueName(run) }),
    before: { 0: creating() },
    rewrite: withQueryCall,
    http: (_call, run) =>
      httpCall(run.emulator.awsUrl, {
        method: "POST",
        headers: {
          Authorization: AUTHORIZATION,
          "Content-Type": "application/x-www-form-urlencoded",
        },
        body: new URLSearchParams({
          Action: "GetQueueAttributes",
          Version: "2012-11-05",
          QueueUrl: queueUrl(run),
        }).toString(),
      }),
    also: async (run, expect) => {
      const { text } = run.lastReply;
      expect(text).toContain("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>");
    },
  },
};
