import { seededRandom } from "@pilotlight/core/testing";
import { strToU8, zipSync } from "fflate";

/** What is ordered at random: most often what happens most often. */
const FAULTS: readonly (readonly [weight: number, request: Readonly<Record<string, unknown>>])[] = [
  [4, { fault: "crash", function: "*" }],
  [3, { fault: "out-of-memory", function: "*" }],
  [1, { fault: "hang", function: "*" }],
  [4, { fault: "throttle", function: "*", count: 3 }],
  [3, { fault: "invoke-error", function: "*" }],
  [3, { fault: "init-failure", function: "*" }],
  [2, { fault: "init-slow", function: "*", delayMs: 300 }],
  [2, { fault: "slow-network", hop: "aws-endpoint", delayMs: 50, count: 5 }],
  [4, { fault: "queue-duplicate", queue: "work" }],
  [2, { fault: "reap-all" }],
  [3, { fault: "recycle-one" }],
];

/** Gives the next fault, the same ones for the same seed. */
export function faultsOf(
  seed: number,
  functionNames: readonly string[],
): () => Readonly<Record<string, unknown>> {
  const random = seededRandom(seed);
  const total = FAULTS.reduce((sum, [weight]) => sum + weight, 0);
  return () => {
    let left = random.next() * total;
    const [, request] = FAULTS.find(([weight]) => (left -= weight) < 0) ?? [0, FAULTS[0]?.[1]];
    const name = functionNames[Math.floor(random.next() * functionNames.length)];
    return request?.["function"] === "*" ? { ...request, function: name } : { ...request };
  };
}

/** Writes the ids of what it has got into a file, as the last thing before it answers. */
const HANDLER = `
import { appendFileSync } from "node:fs";
export const handler = async (event) => {
  const ids = event.Records?.map(({ body }) => JSON.parse(body).id) ?? [event.id];
  if (ids[0] === undefined) return;
  appendFileSync(process.env.LEDGER, ids.map((id) => id + "\\n").join(""));
};`;

/** A call of one of the services behind the AWS endpoint. */
export type Caller = (
  service: string,
  target: string,
  body?: unknown,
) => Promise<{ readonly status: number; readonly headers: Headers; readonly body: unknown }>;

/** @param aws - Address of the endpoint. */
export function callerOf(aws: string): Caller {
  return async (service, target, body) => {
    const isQueue = service === "sqs";
    const [method = "POST", path = "/"] = isQueue ? [] : target.split(" ");
    const response = await fetch(aws + path, {
      method,
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
        ...(isQueue && {
          "content-type": "application/x-amz-json-1.0",
          "x-amz-target": `AmazonSQS.${target}`,
        }),
        ...(target.endsWith("?event") && { "x-amz-invocation-type": "Event" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : (JSON.parse(text) as unknown),
    };
  };
}

const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:";
const FUNCTIONS = "/2015-03-31/functions";

/** Makes two functions that write into `ledger`: one gets events, the other the messages of a queue. */
export async function makeApplication(call: Caller, ledger: string): Promise<void> {
  for (const name of ["dead-events", "dead-work"])
    await make(call, "sqs", "CreateQueue", { QueueName: name });
  await make(call, "sqs", "CreateQueue", {
    QueueName: "work",
    Attributes: {
      VisibilityTimeout: "180",
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: `${QUEUE_ARN}dead-work`,
        maxReceiveCount: 5,
      }),
    },
  });
  const ZipFile = Buffer.from(zipSync({ "index.mjs": strToU8(HANDLER) })).toString("base64");
  for (const FunctionName of ["events", "messages"]) {
    await make(call, "lambda", `POST ${FUNCTIONS}`, {
      FunctionName,
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Role: "arn:aws:iam::000000000000:role/chaos",
      Timeout: 2,
      MemorySize: 256,
      Code: { ZipFile },
      Environment: { Variables: { LEDGER: ledger } },
    });
  }
  await make(call, "lambda", "PUT /2019-09-25/functions/events/event-invoke-config", {
    DestinationConfig: { OnFailure: { Destination: `${QUEUE_ARN}dead-events` } },
  });
  await make(call, "lambda", "POST /2015-03-31/event-source-mappings/", {
    FunctionName: "messages",
    EventSourceArn: `${QUEUE_ARN}work`,
    BatchSize: 5,
  });
}

async function make(call: Caller, ...request: Parameters<Caller>): Promise<void> {
  const { status, body } = await call(...request);
  if (status >= 300) throw new Error(`${request[1]}: ${status} ${JSON.stringify(body)}`);
}
