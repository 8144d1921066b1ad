import type { CaseRun } from "../case-run.ts";
import { packageOf } from "../deployment-package.ts";
import { eventually } from "../emulator-under-test.ts";
import { httpCall, type HttpReply } from "../http-reply.ts";
import type { Scenario } from "../scenario.ts";

const AUTHORIZATION =
  "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/** The cases give the digest and the length of their objects; these are the texts that have them. */
const TEXT_OF_11_BYTES = "something..";
const TEXT_OF_9_BYTES = "something";

interface Notified {
  readonly Records?: readonly unknown[];
}

const bucketOf = (run: CaseRun): string => `case-${run.file.id}`;

/** Events of buckets, as functions and queues get them. */
export const S3_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "s3-put-invokes-lambda": {
    code: packageOf("echo.returnsNothing"),
    names: (run) => ({ bucket: bucketOf(run), key: "object", "11 bytes": TEXT_OF_11_BYTES }),
    prepare: (run) =>
      notifyingBucket(run, {
        element: "CloudFunctionConfiguration",
        target: `<CloudFunction>${run.functionArn}</CloudFunction>`,
      }),
    observe: { "event received by the function (asynchronous invocation)": eventOf },
  },
  "s3-event-key-encoding": {
    prepare: async (run) => {
      await sqs(run, "CreateQueue", { QueueName: bucketOf(run) });
      await notifyingBucket(run, {
        element: "QueueConfiguration",
        target: `<Queue>arn:aws:sqs:us-east-1:000000000000:${bucketOf(run)}</Queue>`,
      });
      await s3(run, "a%40b", TEXT_OF_9_BYTES);
    },
    observe: { receive_messages: async (run) => ({ messages: await recordsOf(run) }) },
  },
};

/** Makes a bucket that tells of new objects; the function may be made after it. */
async function notifyingBucket(
  run: CaseRun,
  { element, target }: { element: string; target: string },
): Promise<void> {
  await s3(run, "");
  const rule = `<${element}>${target}<Event>s3:ObjectCreated:*</Event></${element}>`;
  const configuration = `<NotificationConfiguration>${rule}</NotificationConfiguration>`;
  await s3(run, "?notification", configuration);
}

async function s3(run: CaseRun, rest: string, body = ""): Promise<HttpReply> {
  const path = rest.startsWith("?") || rest === "" ? rest : `/${rest}`;
  const reply = await httpCall(`${run.emulator.awsUrl}/${bucketOf(run)}${path}`, {
    method: "PUT",
    headers: { Authorization: AUTHORIZATION, "x-amz-skip-destination-validation": "true" },
    body,
  });
  if (reply.status !== 200) throw new Error(`PUT ${rest}: ${reply.status} ${reply.text}`);
  return reply;
}

function eventOf(run: CaseRun): Promise<unknown> {
  return eventually(() => {
    const lines = run.emulator.log(run.functionName);
    const text = lines.flatMap((line) => /\tINFO\t(\{.*\})$/.exec(line)?.[1] ?? [])[0];
    if (text === undefined) throw new Error("the function has had no event yet");
    return JSON.parse(text) as unknown;
  });
}

/** The records of the queue's messages; a message that only tests the queue has none. */
function recordsOf(run: CaseRun): Promise<readonly unknown[]> {
  return eventually(async () => {
    const reply = await sqs(run, "ReceiveMessage", { MaxNumberOfMessages: 10 });
    const { Messages = [] } = reply.json as { Messages?: readonly { readonly Body: string }[] };
    const records = Messages.flatMap(({ Body }) => (JSON.parse(Body) as Notified).Records ?? []);
    if (records.length === 0) throw new Error("the queue has had no event yet");
    return records;
  });
}

async function sqs(run: CaseRun, api: string, params: object): Promise<HttpReply> {
  const QueueUrl = `${run.emulator.awsUrl}/000000000000/${bucketOf(run)}`;
  const reply = await run.emulator.call({
    service: "sqs",
    api,
    method: "POST",
    uri: "/",
    params: { QueueUrl, ...params },
  });
  if (reply.status !== 200) throw new Error(`${api}: ${reply.status} ${reply.text}`);
  return reply;
}
