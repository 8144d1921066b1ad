import { ERROR_CATALOG, invariant, PilotlightError } from "@pilotlight/core";
import type { ErrorCode } from "@pilotlight/core";

import type { InvokeOutcome } from "./invoker.ts";

/** Seconds after which a throttled or failed call is worth another try: Lambda adds environments every second. */
const RETRY_AFTER_SEC = 1;

/**
 * The error that a caller sees for an Invoke that gave no answer.
 *
 * The names of errors are Lambda's own (`Sandbox.Timedout`, `Runtime.ExitError`), or a code of ours where the
 * function refused its model at init.
 *
 * @see docs/errors.md for status and meaning of each.
 */
export function failureOf(
  model: string,
  outcome: Exclude<InvokeOutcome, { kind: "answered" }>,
): PilotlightError {
  switch (outcome.kind) {
    case "throttled":
      return new PilotlightError(
        "ERR_FUNCTION_THROTTLED",
        `the model "${model}" has no free execution environment (${outcome.reason}): try again in ${RETRY_AFTER_SEC} s, or raise the concurrency limit`,
      );
    case "too-large":
      return new PilotlightError(
        "ERR_BODY_TOO_LARGE",
        `the request takes ${outcome.bytes} bytes on its way to the model; Lambda carries ${outcome.bytesMax}: send fewer rows, or the tensors in binary (the binary tensor data extension)`,
      );
    case "timed-out":
      return new PilotlightError(
        "ERR_FUNCTION_TIMED_OUT",
        `the model "${model}" did not answer within ${outcome.afterMs} ms, and the HTTP API waits no longer than 30 s: send a smaller batch, or raise memoryMb in the definition`,
      );
    case "unreachable":
      return new PilotlightError(
        "ERR_FUNCTION_UNREACHABLE",
        `the model "${model}" could not be invoked: ${outcome.cause}`,
      );
    case "failed":
      return functionFailure(model, outcome);
  }
}

function functionFailure(
  model: string,
  { errorType, errorMessage }: { errorType: string; errorMessage: string },
): PilotlightError {
  if (isErrorCode(errorType)) return new PilotlightError(errorType, errorMessage);
  if (errorType === "Sandbox.Timedout") {
    return new PilotlightError(
      "ERR_FUNCTION_TIMED_OUT",
      `the model "${model}" did not answer within its function's timeout (${errorMessage}): send a smaller batch, or raise timeoutSec or memoryMb in the definition`,
    );
  }
  if (errorType === "Function.ResponseSizeTooLarge") {
    return new PilotlightError(
      "ERR_ANSWER_TOO_LARGE",
      `the answer of the model "${model}" is larger than Lambda carries (${errorMessage}): ask for fewer outputs or send a smaller batch`,
    );
  }
  return new PilotlightError(
    "ERR_FUNCTION_FAILED",
    `the function of the model "${model}" failed: ${errorType}: ${errorMessage}`,
  );
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CATALOG, text);
}

/** @returns Seconds for a `Retry-After` header, or nothing when the same call would fail again. */
export function retryAfterSec(error: PilotlightError): number | undefined {
  invariant(error.statusCode >= 400, "a failure has an error status");
  return error.isRetryable ? RETRY_AFTER_SEC : undefined;
}
