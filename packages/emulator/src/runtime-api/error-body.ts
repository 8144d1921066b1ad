/**
 * The content type under which a runtime sends error and cause together; the cause is for tracing.
 *
 * @see aws-lambda-runtime-interface-emulator@4fa2157, internal/lambda/rapi/handler/invocationerror.go
 */
const ERROR_WITH_CAUSE = "application/vnd.aws.lambda.error.cause+json";

/** The part of a posted error that the caller of the function gets. */
export function errorPayload(body: Buffer, contentType: string | undefined): Buffer {
  if (contentType !== ERROR_WITH_CAUSE) return body;
  return Buffer.from(JSON.stringify(withoutCause(body.toString("utf8"))));
}

function withoutCause(text: string): unknown {
  const error = parsedObject(text);
  if (error === undefined) return "Invalid error body";
  const { errorMessage, errorType, stackTrace } = error;
  return {
    errorMessage: typeof errorMessage === "string" ? errorMessage : "",
    errorType: typeof errorType === "string" ? errorType : "",
    ...(Array.isArray(stackTrace) && stackTrace.length > 0 && { stackTrace }),
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
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    // AWS answers an unreadable body with a fixed text, so there is nothing to report.
    return undefined;
  }
}
