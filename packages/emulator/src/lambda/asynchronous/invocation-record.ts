import type { Delivery } from "../../delivery.ts";
import { functionArn, LATEST } from "../names.ts";
import type { ConcludingAnswer, EventConclusion, OfferedEvent, ReportTarget } from "./event.ts";

/** Longest ErrorMessage of a dead letter, bytes: the first kilobyte. */
const ERROR_MESSAGE_BYTES_MAX = 1_024;

/**
 * Characters that SQS refuses in a message attribute.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html, read 2026-11-24
 */
const REFUSED_CHARACTERS = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/**
 * What a destination or a dead-letter queue gets of an event.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html for the record and for the
 *   attributes of a dead letter, read 2026-11-24; recorded on AWS 2025-11-24.
 */
export function deliveryOf(
  event: OfferedEvent,
  conclusion: EventConclusion,
  target: ReportTarget,
): Delivery {
  const { traceId } = event;
  if (target.kind === "dead_letter_queue") {
    return {
      body: Buffer.from(event.payload).toString("utf8"),
      attributes: deadLetterAttributes(event, conclusion),
      traceId,
    };
  }
  const outcome = conclusion.condition === "Success" ? "Success" : "Failure";
  return {
    body: invocationRecord(event, conclusion),
    event: {
      source: "lambda",
      detailType: `Lambda Function Invocation Result - ${outcome}`,
      resources: [target.arn, qualifiedArn(event)],
    },
    traceId,
  };
}

/** The JSON text of an invocation record, version 1.0. */
export function invocationRecord(event: OfferedEvent, conclusion: EventConclusion): string {
  const { answer, condition, invokeCount, epochMs, statusCode } = conclusion;
  const requestContext = {
    requestId: event.requestId,
    functionArn: qualifiedArn(event),
    condition,
    approximateInvokeCount: invokeCount,
  };
  const members = [
    `"version":"1.0"`,
    `"timestamp":${JSON.stringify(new Date(epochMs).toISOString())}`,
    `"requestContext":${JSON.stringify(requestContext)}`,
    `"requestPayload":${asJson(Buffer.from(event.payload).toString("utf8"))}`,
  ];
  if (answer !== undefined) {
    const responseContext = {
      statusCode,
      executedVersion: answer.version,
      ...(answer.isFunctionError ? { functionError: "Unhandled" } : {}),
    };
    members.push(
      `"responseContext":${JSON.stringify(responseContext)}`,
      `"responsePayload":${asJson(answer.payload)}`,
    );
  }
  return `{${members.join(",")}}`;
}

/** The answer with nothing in it but the error message that a dead letter has. */
export function deadLetterAnswer(answer: ConcludingAnswer): ConcludingAnswer {
  const errorMessage = readableMessage(errorMessageOf(answer.payload));
  return { ...answer, payload: JSON.stringify({ errorMessage }) };
}

function deadLetterAttributes(
  { requestId }: OfferedEvent,
  { answer, error, statusCode }: EventConclusion,
): NonNullable<Delivery["attributes"]> {
  const message = answer === undefined ? (error ?? "") : errorMessageOf(answer.payload);
  const readable = readableMessage(message);
  return {
    RequestID: { dataType: "String", stringValue: requestId },
    ErrorCode: { dataType: "Number", stringValue: String(statusCode) },
    // SQS refuses an attribute without a value.
    ErrorMessage: { dataType: "String", stringValue: readable || "Unknown error" },
  };
}

/** As the caller named the function; without a qualifier it is `$LATEST`. */
function qualifiedArn({ reference }: OfferedEvent): string {
  return functionArn(reference.name, reference.qualifier ?? LATEST);
}

/** A payload goes into the record as it is, so that no number in it changes; what is no JSON becomes a string. */
function asJson(text: string): string {
  return parsed(text) === undefined ? JSON.stringify(text) : text;
}

function errorMessageOf(payload: string): string {
  const error = parsed(payload);
  const isObject = typeof error === "object" && error !== null;
  const message: unknown = isObject && "errorMessage" in error ? error.errorMessage : undefined;
  return typeof message === "string" ? message : payload;
}

/** @returns `undefined` for what is no JSON; no JSON text gives that value. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function readableMessage(message: string): string {
  return firstKilobyte(message.replaceAll(REFUSED_CHARACTERS, ""));
}

/** A character that the limit cuts through is left out. */
function firstKilobyte(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.byteLength <= ERROR_MESSAGE_BYTES_MAX) return text;
  let end = ERROR_MESSAGE_BYTES_MAX;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString("utf8");
}
