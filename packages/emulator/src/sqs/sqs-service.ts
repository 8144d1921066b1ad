import type { AwsService, ServiceRequest } from "../service.ts";
import type { Reply } from "../http/reply.ts";
import type { AccountQueues } from "./account-queues.ts";
import { Input } from "./input.ts";
import { jsonError, jsonMembers, jsonOperation, jsonOutput } from "./json-protocol.ts";
import { tooLong } from "./message-input.ts";
import type { Output } from "./operation.ts";
import { SQS_OPERATIONS } from "./operations.ts";
import { SqsError } from "./sqs-error.ts";

/** A message of the largest size, with every character escaped as JSON may have it. */
const BODY_BYTES_MAX = 8_388_608;

const MESSAGE_BYTES_MAX = 1_048_576;

/** SQS, as one of the services behind the AWS endpoint. */
export function sqsService(queues: AccountQueues): AwsService {
  return {
    scope: "sqs",
    bodyBytesMax: () => BODY_BYTES_MAX,
    tooLarge: () => jsonError(tooLong(MESSAGE_BYTES_MAX)),
    answer: (request) => answerJson(queues, request),
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

async function run(
  queues: AccountQueues,
  {
    operation,
    members,
    request,
  }: { operation: string; members: Readonly<Record<string, unknown>>; request: ServiceRequest },
): Promise<Output> {
  const found = Object.hasOwn(SQS_OPERATIONS, operation) ? SQS_OPERATIONS[operation] : undefined;
  if (found === undefined) {
    const known = Object.keys(SQS_OPERATIONS).join(", ");
    throw new SqsError(
      "UnsupportedOperation",
      `The operation "${operation}" is not emulated; there are ${known}.`,
    );
  }
  const baseUrl = `http://${request.headers.host ?? "127.0.0.1"}`;
  return found({ input: new Input(members), queues, baseUrl });
}
