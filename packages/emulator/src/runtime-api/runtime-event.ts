/** One event as a runtime gets it from `GET next`. */
export interface RuntimeEvent {
  readonly requestId: string;
  /** One attempt at the invocation; a retry with the same request id has another one. */
  readonly invocationId: string;
  readonly invokedArn: string;
  readonly deadlineEpochMs: number;
  readonly payload: Uint8Array;
  /** @default "application/json" */
  readonly contentType?: string | undefined;
  /** Decoded JSON. */
  readonly clientContext?: string | undefined;
  readonly traceId?: string | undefined;
  /** A fault: our own runtime client exits with this status instead of running the function. */
  readonly exitCode?: number | undefined;
}

const EXIT_HEADER = "pilotlight-exit";

/**
 * Headers of an event, names and values in turn; what is empty is left out.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-next
 */
export function eventHeaders(event: RuntimeEvent): string[] {
  const headers = [
    "Content-Type",
    headerText(event.contentType || "application/json"),
    "Content-Length",
    String(event.payload.length),
    "Lambda-Runtime-Aws-Request-Id",
    headerText(event.requestId),
    "Lambda-Runtime-Deadline-Ms",
    String(event.deadlineEpochMs),
    "Lambda-Runtime-Invoked-Function-Arn",
    headerText(event.invokedArn),
    "Lambda-Runtime-Invocation-Id",
    headerText(event.invocationId),
  ];
  if (event.traceId) headers.push("Lambda-Runtime-Trace-Id", headerText(event.traceId));
  if (event.clientContext) {
    headers.push("Lambda-Runtime-Client-Context", headerText(event.clientContext));
  }
  if (event.exitCode !== undefined) headers.push(EXIT_HEADER, String(event.exitCode));
  return headers;
}

/**
 * Headers of an event for a runtime that does not read HTTP: lower-case names, any text as it is, and
 * none of those that describe the body.
 */
export function eventFields(event: RuntimeEvent): Record<string, string> {
  const { traceId, clientContext, exitCode } = event;
  return {
    "lambda-runtime-aws-request-id": event.requestId,
    "lambda-runtime-deadline-ms": String(event.deadlineEpochMs),
    "lambda-runtime-invoked-function-arn": event.invokedArn,
    "lambda-runtime-invocation-id": event.invocationId,
    ...(traceId && { "lambda-runtime-trace-id": traceId }),
    ...(clientContext && { "lambda-runtime-client-context": clientContext }),
    ...(exitCode !== undefined && { [EXIT_HEADER]: String(exitCode) }),
  };
}

const PLAIN = /^[\x20-\x7e]*$/;
const CONTROL = /[\x00-\x1f\x7f]/g;

/** A header carries bytes: text goes out as UTF-8, and line feeds of pretty-printed JSON as spaces. */
function headerText(text: string): string {
  if (PLAIN.test(text)) return text;
  return Buffer.from(text.replaceAll(CONTROL, " "), "utf8").toString("latin1");
}
