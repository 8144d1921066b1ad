import type { Reply } from "../http/reply.ts";
import type { AwsService, ServiceRequest } from "../service.ts";
import type { AccountQueues } from "./account-queues.ts";
import { Input } from "./input.ts";
import { jsonError, jsonMembers, jsonOperation, jsonOutput } from "./json-protocol.ts";
import { tooLong } from "./message-input.ts";
import type { Output } from "./operation.ts";
import { SQS_OPERATIONS } from "./operations.ts";
import { queryError, queryOutput, queryRequest } from "./query-protocol.ts";
import { SqsError } from "./sqs-error.ts";

/** A message of the largest size, with every character escaped as JSON may have it. */
const BODY_BYTES_MAX = 8_388_608;

const MESSAGE_BYTES_MAX = 1_048_576;

/** What X-Ray, and every client in a function, sends with its requests; messages carry it on. */
const TRACE_HEADER = "x-amzn-trace-id";

/** Operations that are not about one queue, and are not called at its address. */
const ACCOUNT_OPERATIONS: ReadonlySet<string> = new Set(["CreateQueue", "ListQueues"]);

/** What a browser sees at the address of a queue. */
const NO_OPERATION: Reply = {
  statusCode: 404,
  headers: { "Content-Type": "text/xml" },
  body: "<UnknownOperationException/>\n",
};

/**
 * SQS, as one of the services behind the AWS endpoint: in AWS JSON 1.0, which names the operation in a header, and in the
 * query protocol of older clients.
 */
export function sqsService(queues: AccountQueues): AwsService {
  return {
    scope: "sqs",
    bodyBytesMax: () => BODY_BYTES_MAX,
    tooLarge: () => jsonError(tooLong(MESSAGE_BYTES_MAX)),
    answer: (request) =>
      jsonOperation(request) === undefined
        ? answerQuery(queues, request)
        : answerJson(queues, request),
  };
}

async function answerJson(queues: AccountQueues, request: ServiceRequest): Promise<Reply> {
  try {
    const operation = jsonOperation(request) ?? "";
    const members = jsonMembers(request);
    if (!isOperation(operation)) throw unknownOperation(operation);
    return jsonOutput(await run(queues, { operation, members, request }));
  } catch (error) {
    if (error instanceof SqsError) return jsonError(error);
    throw error;
  }
}

async function answerQuery(queues: AccountQueues, request: ServiceRequest): Promise<Reply> {
  try {
    const { operation, members } = queryRequest(request);
    if (operation === undefined) return NO_OPERATION;
    const isAtQueue = request.path !== "/";
    if (!isOperation(operation) || (isAtQueue && ACCOUNT_OPERATIONS.has(operation))) {
      throw invalidAction(operation);
    }
    const output = await run(queues, { operation, members, request });
    return queryOutput(operation, output);
  } catch (error) {
    if (error instanceof SqsError) return queryError(error);
    throw error;
  }
}

interface Called {
  readonly operation: keyof typeof SQS_OPERATIONS;
  readonly members: Readonly<Record<string, unknown>>;
  readonly request: ServiceRequest;
}

async function run(
  queues: AccountQueues,
  { operation, members, request }: Called,
): Promise<Output> {
  const { host = "127.0.0.1", [TRACE_HEADER]: traceHeader } = request.headers;
  return SQS_OPERATIONS[operation]({
    input: new Input(members),
    queues,
    baseUrl: `http://${host}`,
    traceHeader: typeof traceHeader === "string" ? traceHeader : undefined,
    signal: request.signal,
  });
}

function isOperation(name: string): name is keyof typeof SQS_OPERATIONS {
  return Object.hasOwn(SQS_OPERATIONS, name);
}

function unknownOperation(operation: string): SqsError {
  const known = Object.keys(SQS_OPERATIONS).join(", ");
  return new SqsError(
    "UnknownOperation",
    `The operation "${operation}" does not exist; there are ${known}.`,
  );
}

function invalidAction(operation: string): SqsError {
  return new SqsError("InvalidAction", `The action ${operation} is not valid for this endpoint.`);
}
