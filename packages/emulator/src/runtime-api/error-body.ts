/**
 * The content type under which a runtime sends error and cause together; the cause is for tracing.
 *
 * @see aws-lambda-runtime-interface-emulator@4fa2157, internal/lambda/rapi/handler/invocationerror.go
 */
const ERROR_WITH_CAUSE = "application/vnd.aws.lambda.error.cause+json";

/** What the caller gets for a body that is not as AWS reads it. */
const INVALID = "Invalid error body";

/** The part of a posted error that the caller of the function gets. */
export function errorPayload(body: Buffer, contentType: string | undefined): Buffer {
  if (contentType !== ERROR_WITH_CAUSE) return body;
  return Buffer.from(JSON.stringify(withoutCause(body.toString("utf8"))));
}

function withoutCause(text: string): unknown {
  const error = parsedObject(text);
  if (error === undefined) return INVALID;
  const { errorMessage, errorType, stackTrace } = error;
  const message = errorMessage ?? "";
  const type = errorType ?? "";
  const trace: unknown = stackTrace ?? [];
  const isReadable =
    typeof message === "string" &&
    typeof type === "string" &&
    Array.isArray(trace) &&
    trace.every((line) => typeof line === "string");
  if (!isReadable) return INVALID;
  return {
    errorMessage: message,
    errorType: type,
    ...(trace.length > 0 && { stackTrace: trace }),
  };
}

interface ErrorFields {
  readonly errorMessage?: unknown;
  readonly errorType?: unknown;
  readonly stackTrace?: unknown;
}

function parsedObject(text: string): ErrorFields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null) return {};
    return typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    // AWS answers an unreadable body with a fixed text, so there is nothing to report.
    return undefined;
  }
}
