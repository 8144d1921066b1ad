import { randomUUID } from "node:crypto";

import type { InvocationOutcome } from "../../environment/contract.ts";
import type { Reply } from "../../http/reply.ts";
import type { StreamedReply } from "../../http/streamed-reply.ts";
import { calledFunction, type Call } from "../api-request.ts";
import { validationFailed } from "../aws-error.ts";
import type { FunctionStore } from "../function-store.ts";
import { decodedClientContext, type Invoker, single } from "../invoke.ts";
import { checkedPayload, checkPayloadSize } from "../payload.ts";
import { type Route, route } from "../route.ts";
import {
  EVENT_STREAM_TYPE,
  type InvokeComplete,
  invokeCompleteFrame,
  payloadChunkFrame,
} from "./event-stream.ts";
import { ResponsePipe, STREAMED_RESPONSE_BYTES_MAX } from "./response-pipe.ts";

interface StreamingContext {
  readonly store: FunctionStore;
  readonly invoker: Invoker;
}

/** What InvokeComplete says of a function that failed; no recording of AWS's own code is known. */
const ERROR_CODE = "Unhandled";
const TOO_LARGE_CODE = "Function.ResponseSizeTooLarge";
/** In the form of a function error. */
const TOO_LARGE_DETAILS = JSON.stringify({
  errorType: TOO_LARGE_CODE,
  errorMessage: `Response payload size exceeded maximum allowed payload size (${STREAMED_RESPONSE_BYTES_MAX} bytes).`,
});

/** The operation whose response comes in parts. */
export const STREAMING_ROUTES: readonly Route<StreamingContext>[] = [
  route(
    "POST /2021-11-15/functions/*/response-streaming-invocations",
    "InvokeWithResponseStream",
    invokeWithResponseStream,
  ),
];

/**
 * Answers InvokeWithResponseStream: the parts of the response as they come, then how the invocation ended.
 *
 * A function that does not stream gives one part.
 *
 * @throws AwsError for whatever is not the function's own error, as Invoke does.
 */
async function invokeWithResponseStream(
  { store, invoker }: StreamingContext,
  call: Call,
): Promise<Reply | StreamedReply> {
  const { headers, body } = call;
  const isDryRun = isDryRunType(single(headers["x-amz-invocation-type"]));
  checkPayloadSize(body.byteLength, { isEvent: false });
  const target = store.target(calledFunction(call));
  const payload = checkedPayload(body);
  const requestId = randomUUID();
  if (isDryRun) return { statusCode: 204, headers: { "x-amzn-RequestId": requestId }, body: "" };

  const pipe = new ResponsePipe({ encode: payloadChunkFrame });
  const outcome = invoker.answered(target, {
    requestId,
    payload,
    contentType: headers["content-type"],
    traceId: single(headers["x-amzn-trace-id"]),
    clientContext: decodedClientContext(single(headers["x-amz-client-context"])),
    responseSink: pipe,
  });
  // A refusal is an answer of its own; once the function streams, there is none.
  await Promise.race([pipe.started, outcome]);
  void finish(pipe, { outcome, wantsLog: headers["x-amz-log-type"] === "Tail" });
  return {
    statusCode: 200,
    headers: {
      "Content-Type": EVENT_STREAM_TYPE,
      "x-amzn-RequestId": requestId,
      "X-Amz-Executed-Version": target.record.version,
    },
    stream: pipe.body,
  };
}

async function finish(
  pipe: ResponsePipe,
  { outcome, wantsLog }: { outcome: Promise<InvocationOutcome>; wantsLog: boolean },
): Promise<void> {
  try {
    const ended = await outcome;
    if (ended.isStreamed !== true && !ended.isFunctionError) await pipe.write(ended.payload);
    const logTail = wantsLog ? await ended.logTail : undefined;
    pipe.end(invokeCompleteFrame(completionOf(ended, { logTail, isTooLarge: pipe.isTooLarge })));
  } catch {
    // The environment was taken away before it answered: the caller sees a body without its end.
    pipe.cut();
  }
}

/** The event InvokeComplete of an invocation. */
export function completionOf(
  { isFunctionError, payload }: Pick<InvocationOutcome, "isFunctionError" | "payload">,
  { logTail, isTooLarge }: { logTail: Uint8Array | undefined; isTooLarge: boolean },
): InvokeComplete {
  const log = logTail === undefined ? {} : { LogResult: Buffer.from(logTail).toString("base64") };
  if (isTooLarge) return { ErrorCode: TOO_LARGE_CODE, ErrorDetails: TOO_LARGE_DETAILS, ...log };
  if (!isFunctionError) return log;
  return { ErrorCode: ERROR_CODE, ErrorDetails: Buffer.from(payload).toString("utf8"), ...log };
}

function isDryRunType(type: string | undefined): boolean {
  if (type === undefined || type === "RequestResponse") return false;
  if (type === "DryRun") return true;
  throw validationFailed([
    `Value '${type}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [RequestResponse, DryRun]`,
  ]);
}
