import { randomUUID } from "node:crypto";

import type { Reply } from "../http/reply.ts";
import type { ServiceRequest } from "../service.ts";
import { unreadable } from "./input.ts";
import type { Output } from "./operation.ts";
import type { SqsError } from "./sqs-error.ts";

const CONTENT_TYPE = "application/x-amz-json-1.0";
const TARGET_PREFIX = "AmazonSQS.";

/** The operation that the request names in AWS JSON 1.0; `undefined` where it is of the query protocol. */
export function jsonOperation({ headers }: ServiceRequest): string | undefined {
  const target = headers["x-amz-target"];
  if (typeof target !== "string") return undefined;
  return target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : target;
}

/** @throws SqsError when the body is no JSON object. */
export function jsonMembers({ body }: ServiceRequest): Readonly<Record<string, unknown>> {
  if (body.byteLength === 0) return {};
  const value = parsed(Buffer.from(body).toString());
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw unreadable("The body of the request must be a JSON object.");
}

export function jsonOutput(output: Output): Reply {
  // An output without members has no body member at all.
  return reply(200, { body: JSON.stringify(output) });
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html, read 2026-11-24 */
export function jsonError(error: SqsError): Reply {
  return reply(error.statusCode, {
    body: JSON.stringify({ __type: error.qualifiedType, message: error.message }),
    headers: { "x-amzn-query-error": `${error.queryCode};${faultOf(error)}` },
  });
}

/** Whose fault an error is, in the words of the query protocol. */
export function faultOf({ statusCode }: SqsError): string {
  return statusCode < 500 ? "Sender" : "Receiver";
}

function reply(
  statusCode: number,
  { body, headers = {} }: { body: string; headers?: Readonly<Record<string, string>> },
): Reply {
  const requestId = randomUUID();
  return {
    statusCode,
    headers: { "x-amzn-RequestId": requestId, "Content-Type": CONTENT_TYPE, ...headers },
    body,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unreadable("The body of the request is not JSON.");
  }
}
