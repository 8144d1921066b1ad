import type { IncomingMessage } from "node:http";

import { LAMBDA_LIMITS } from "@pilotlight/core";

import { readBody } from "../http/read-body.ts";
import { errorPayload } from "./error-body.ts";

/** What a runtime answered to an invocation. */
export type RuntimeAnswer =
  | { readonly kind: "response"; readonly payload: Buffer }
  | { readonly kind: "error"; readonly payload: Buffer }
  /** All of it went where the parts of a streamed response go. */
  | { readonly kind: "streamed" }
  | { readonly kind: "too_large" }
  | { readonly kind: "stream_too_large" }
  /** The runtime broke its answer off and lives on. */
  | { readonly kind: "truncated" }
  | { readonly kind: "invalid_response_mode" };

/** An answer that has been read, or the news that it broke off. */
export type AnswerReading = RuntimeAnswer | { readonly kind: "aborted" };

/** Takes the parts of a streamed response. @returns Settles when more may come. */
export type StreamWriter = (bytes: Uint8Array) => Promise<void>;

/** A runtime that is still writing its answer would not see the refusal. */
export const ANSWER_READING = {
  bytesMax: LAMBDA_LIMITS.invokeResponseBytesMax,
  refusal: "at_end",
} as const;

/**
 * A streamed response has at most 200 MB.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html, read 2026-11-24.
 */
export const STREAM_BYTES_MAX = 209_715_200;

const TRAILER_ERROR_TYPE = "lambda-runtime-function-error-type";
const TRAILER_ERROR_BODY = "lambda-runtime-function-error-body";

/** Reads an answer whole. */
export async function readAnswer(
  request: IncomingMessage,
  kind: "response" | "error",
): Promise<AnswerReading> {
  const body = await readBody(request, ANSWER_READING);
  if (body.kind === "aborted") return body;
  if (body.kind === "too_large") return { kind: "too_large" };
  if (kind === "error") {
    return { kind, payload: errorPayload(body.bytes, request.headers["content-type"]) };
  }
  return failedMidway(request) ?? { kind, payload: body.bytes };
}

/** Passes a streamed response on as it comes, no faster than it is taken. */
export async function passStream(
  request: IncomingMessage,
  { write, bytesMax }: { write: StreamWriter; bytesMax: number },
): Promise<AnswerReading> {
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      // What is beyond the limit is read on and dropped: a runtime that writes would not see a refusal.
      if (bytes <= bytesMax) await write(chunk);
    }
  } catch {
    // The stream only fails when the runtime hangs up.
    return { kind: "aborted" };
  }
  if (bytes > bytesMax) return { kind: "stream_too_large" };
  return failedMidway(request) ?? { kind: "streamed" };
}

/** A stream that failed on its way says so in its trailers. */
function failedMidway({ trailers }: IncomingMessage): RuntimeAnswer | undefined {
  if (trailers[TRAILER_ERROR_TYPE] === undefined) return undefined;
  return { kind: "error", payload: Buffer.from(trailers[TRAILER_ERROR_BODY] ?? "", "base64") };
}
