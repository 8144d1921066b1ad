import { PilotlightError } from "@pilotlight/core";

import { functionArn } from "../names.ts";
import type { ConcludingAnswer, EventAttempt, EventConclusion, OfferedEvent } from "./event.ts";

/**
 * How an event ends with its last attempt.
 *
 * The invocations that are counted are those that reached the function, and the last attempt whether it did or not;
 * where the reserved concurrency is zero there is no attempt, as recorded on AWS 2025-11-25.
 *
 * @param attempt - Absent where the event became too old before its next attempt.
 */
export function conclusionOf(
  attempt: EventAttempt | undefined,
  {
    condition,
    failures,
    epochMs,
  }: { condition: EventConclusion["condition"]; failures: number; epochMs: number },
): EventConclusion {
  const isUncounted =
    attempt === undefined || attempt.kind === "failed" || condition === "ZeroReservedConcurrency";
  return {
    condition,
    invokeCount: failures + (isUncounted ? 0 : 1),
    epochMs,
    answer: answerOf(attempt),
    ...failureOf(attempt),
  };
}

/** The line for an event that ends without a record. */
export function droppedError(event: OfferedEvent, reason: string): PilotlightError {
  const { name, qualifier } = event.reference;
  return new PilotlightError(
    "ERR_EVENT_DROPPED",
    `the asynchronous event ${event.requestId} of ${functionArn(name, qualifier)} was dropped: ${reason}`,
  );
}

/** Why an event ended that did not succeed, in words. */
export function reasonOf({ condition, invokeCount, error }: EventConclusion): string {
  const cause = error === undefined ? "" : `, ${error}`;
  return `${condition} after ${invokeCount} invocation${invokeCount === 1 ? "" : "s"}${cause}`;
}

function answerOf(attempt: EventAttempt | undefined): ConcludingAnswer | undefined {
  if (attempt?.kind !== "succeeded" && attempt?.kind !== "failed") return undefined;
  const { payload, version } = attempt.answer;
  return {
    payload: Buffer.from(payload).toString("utf8"),
    version,
    isFunctionError: attempt.kind === "failed",
  };
}

/** The status and the text that a caller of Invoke would have got. */
function failureOf(
  attempt: EventAttempt | undefined,
): Pick<EventConclusion, "statusCode" | "error"> {
  switch (attempt?.kind) {
    case "succeeded":
    case "failed":
      return { statusCode: 200, error: undefined };
    case "system_error":
      return { statusCode: 500, error: attempt.message };
    case "unknown_function":
      return { statusCode: 404, error: "its function does not exist" };
    case "throttled":
    case "stopping":
    case undefined:
      return { statusCode: 429, error: "Rate Exceeded." };
  }
}
