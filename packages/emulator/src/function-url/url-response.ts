import {
  httpApiResponse,
  isObject,
  parsed,
  type ResponseHead,
  responseHead,
  structuredReply,
} from "../http-api/response.ts";
import type { Reply } from "../http/reply.ts";
import { PreludeReader } from "./http-prelude.ts";

/** Content type of streamed bytes that name none. */
const BYTES_TYPE = "application/octet-stream";

const JSON_TYPE = "application/json";

/** What a function URL answers when its function fails, or gives what is no response; recorded on AWS 2025-11-24. */
export const BAD_GATEWAY: Reply = {
  statusCode: 502,
  headers: { "Content-Type": JSON_TYPE },
  body: "Internal Server Error",
};

/**
 * What a function's whole result becomes as the response of its URL.
 *
 * It is read as an HTTP API reads it; only a body that is no text is written as JSON, and what a streaming function
 * has written is taken as it is.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads, read 2026-11-24.
 */
export function urlResponse(payload: Uint8Array): Reply {
  const result = parsed(payload);
  if (result === undefined) return writtenResponse(payload);
  const { value } = result;
  if (!isObject(value) || value["statusCode"] === undefined) return httpApiResponse(payload);
  const { body } = value;
  const hasValue = body !== undefined && body !== null && typeof body !== "string";
  return (
    structuredReply(hasValue ? { ...value, body: JSON.stringify(body) } : value, JSON_TYPE) ??
    BAD_GATEWAY
  );
}

/** Status and headers that the prelude of a stream asks for; `undefined` where they cannot be sent. */
export function preludeHead(members: Readonly<Record<string, unknown>>): ResponseHead | undefined {
  return responseHead({ ...members, statusCode: members["statusCode"] ?? 200 }, BYTES_TYPE);
}

/** The response of a function that streams behind a URL that does not. */
function writtenResponse(payload: Uint8Array): Reply {
  const reading = new PreludeReader().read(payload);
  if (reading.kind === "read") {
    const head = preludeHead(reading.members);
    return head === undefined ? BAD_GATEWAY : { ...head, body: reading.rest };
  }
  return { statusCode: 200, headers: { "Content-Type": BYTES_TYPE }, body: payload };
}
