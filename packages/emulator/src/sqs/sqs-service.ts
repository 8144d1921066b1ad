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
    return jsonOutput(await run(queues, { operation, members, request }));
  } catch (error) {
    if (error instanceof SqsError) return jsonError(error);
    throw error;
  }
}

async function answerQuery(queues: AccountQueues, request: ServiceRequest): Promise<Reply> {
  try {
    const { operation, members } = queryRequest(request);
    const output = await run(queues, { operation, members, request });
    return queryOutput(operation, output);
  } catch (error) {
    if (error instanceof SqsError) return queryError(error);
    throw error;
  }
}

interface Called {
  readonly operation: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly request: ServiceRequest;
}

async function run(
  queues: AccountQueues,
  { operation, members, request }: Called,
): Promise<Output> {
  const found = Object.hasOwn(SQS_OPERATIONS, operation) ? SQS_OPERATIONS[operation] : undefined;
  if (found === undefined) {
    const known = Object.keys(SQS_OPERATIONS).join(", ");
    throw new SqsError(
      "InvalidAction",
      `The operation "${operation}" is not emulated; there are ${known}.`,
    );
  }
  const baseUrl = `http://${request.headers.host ?? "127.0.0.1"}`;
  return found({ input: new Input(members), queues, baseUrl, signal: request.signal });
}
