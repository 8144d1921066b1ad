import type { ThrottleReason } from "../function-caller.ts";

/** An error as an AWS service answers it: HTTP status, type header and the members of the body. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  /** Exception name; it travels in the header `x-amzn-errortype`. */
  readonly type: string;
  readonly statusCode: number;
  /** Members of the JSON body; Lambda writes `Message` in some errors and `message` in others. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(
    type: string,
    { statusCode, body }: { statusCode: number; body: Record<string, unknown> },
  ) {
    super(messageOf(body) ?? type);
    this.type = type;
    this.statusCode = statusCode;
    this.body = body;
  }
}

/** 404 as Lambda words it for functions and aliases: `Message`, then `Type`. */
export function resourceNotFound(message: string): AwsError {
  return new AwsError("ResourceNotFoundException", {
    statusCode: 404,
    body: { Type: "User", Message: message },
  });
}

/** 400 for a value that is well-formed and not acceptable. */
export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterValueException", {
    statusCode: 400,
    body: { Type: "User", message },
  });
}

/**
 * 400 for values that break the service model's constraints.
 *
 * @param failures - One sentence for each constraint, `Value '…' at '…' failed to satisfy constraint: …`.
 */
export function validationFailed(failures: readonly string[]): AwsError {
  const noun = failures.length === 1 ? "error" : "errors";
  return new AwsError("ValidationException", {
    statusCode: 400,
    body: { message: `${failures.length} validation ${noun} detected: ${failures.join("; ")}` },
  });
}

/** 409 for an operation that the resource's state forbids. */
export function resourceConflict(message: string): AwsError {
  return new AwsError("ResourceConflictException", {
    statusCode: 409,
    body: { Type: "User", message },
  });
}

/** 400 for a body that is not what the operation reads. */
export function invalidRequestContent(message: string): AwsError {
  return new AwsError("InvalidRequestContentException", {
    statusCode: 400,
    body: { Type: "User", message },
  });
}

/** 413; the message is the one recorded for CreateFunction, with the operation's own limit. */
export function requestTooLarge({
  bytesMax,
  operation,
}: {
  bytesMax: number;
  operation: string;
}): AwsError {
  return new AwsError("RequestEntityTooLargeException", {
    statusCode: 413,
    body: {
      Type: "User",
      message: `Request must be smaller than ${bytesMax} bytes for the ${operation} operation`,
    },
  });
}

/**
 * 412 for a RevisionId that is no longer the current one.
 *
 * @param source - The operations that give the current one.
 */
export function preconditionFailed(source = "GetFunction/GetAlias"): AwsError {
  return new AwsError("PreconditionFailedException", {
    statusCode: 412,
    body: {
      Type: "User",
      message: `The Revision Id provided does not match the latest Revision Id. Call the ${source} API to retrieve the latest Revision Id`,
    },
  });
}

/** 429 with the body as recorded: `Reason`, `Type`, `message`. */
export function tooManyRequests(reason: ThrottleReason): AwsError {
  return new AwsError("TooManyRequestsException", {
    statusCode: 429,
    body: { Reason: reason, Type: "User", message: "Rate Exceeded." },
  });
}

/** 500 for a failure of Lambda itself. */
export function serviceFailed(message: string): AwsError {
  return new AwsError("ServiceException", {
    statusCode: 500,
    body: { Type: "Service", Message: message },
  });
}

/** 503 while the emulator stops or for a resource of its own that is used up. */
export function serviceUnavailable(message: string): AwsError {
  return new AwsError("ServiceException", {
    statusCode: 503,
    body: { Type: "Service", Message: message },
  });
}

/** 501 for what AWS has and the emulator has not; the message says what there is. */
export function notEmulated(message: string): AwsError {
  return new AwsError("NotImplementedException", {
    statusCode: 501,
    body: { Type: "User", message },
  });
}

function messageOf(body: Readonly<Record<string, unknown>>): string | undefined {
  const message = body["message"] ?? body["Message"];
  return typeof message === "string" ? message : undefined;
}
