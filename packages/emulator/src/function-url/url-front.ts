import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { LAMBDA_LIMITS, type Timers } from "@pilotlight/core";

import type { CallResult, FunctionCaller } from "../function-caller.ts";
import { hostRefusal } from "../http/foreign-request.ts";
import { announcedBytes, readBody } from "../http/read-body.ts";
import { jsonReply, type Reply, sendReply } from "../http/reply.ts";
import { sendStreamedReply, type StreamedReply } from "../http/streamed-reply.ts";
import { pageHeaders, preflightReply, withPageHeaders } from "./cross-origin.ts";
import type { FunctionUrl } from "./function-url.ts";
import { urlEvent } from "./url-event.ts";
import { BAD_GATEWAY, urlResponse } from "./url-response.ts";
import { UrlStream } from "./url-stream.ts";

export interface UrlFrontContext {
  readonly caller: FunctionCaller;
  /** Real time. */
  readonly timers: Timers;
  /** Told of errors that are the emulator's own. */
  readonly onError: (error: unknown) => void;
}

interface Exchange {
  readonly url: FunctionUrl;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly traceId: string;
}

/** A Signature Version 4 header, or the same in the query of a presigned address. */
const SIGNATURE_PATTERN =
  /(?:^AWS4-HMAC-SHA256\s+.*Credential=|[?&]X-Amz-Credential=)([^/,&%]+)(?:\/|%2F)/i;

/**
 * Makes the request handler of one function URL.
 *
 * As on AWS, a page of any origin may call it; whether the page reads an answer is what the CORS configuration says.
 * Only a request for another host is refused.
 */
export function urlFront(
  url: FunctionUrl,
  context: UrlFrontContext,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const requestId = randomUUID();
    const traceId = traceIdOf(request, { requestId, epochMs: context.timers.epochMs() });
    void answer(context, { url, request, response, requestId, traceId })
      .catch((error: unknown) => {
        context.onError(error);
        return BAD_GATEWAY;
      })
      .then(async (reply) => {
        if (reply === undefined) return;
        const headers = {
          ...withPageHeaders(reply.headers, pageHeaders(url.settings.cors, request.headers.origin)),
          "x-amzn-RequestId": requestId,
          "x-amzn-trace-id": traceId,
        };
        if ("stream" in reply) await sendStreamedReply(response, { ...reply, headers });
        else sendReply(response, { ...reply, headers });
      })
      .catch(context.onError);
  };
}

async function answer(
  context: UrlFrontContext,
  exchange: Exchange,
): Promise<Reply | StreamedReply | undefined> {
  const { url, request, response } = exchange;
  const refusal = hostRefusal(request);
  if (refusal !== undefined) return jsonReply(403, { Message: "Forbidden", error: `${refusal}.` });
  const { authType, cors } = url.settings;
  const preflight = preflightReply(cors, {
    method: request.method ?? "GET",
    origin: request.headers.origin,
    requestedMethod: request.headers["access-control-request-method"],
  });
  if (preflight !== undefined) return preflight;
  const accessKeyId = authType === "AWS_IAM" ? accessKeyOf(request) : undefined;
  if (authType === "AWS_IAM" && accessKeyId === undefined) return forbidden();
  const bytesMax = LAMBDA_LIMITS.invokeRequestBytesMax;
  if (request.headers.expect !== undefined && (announcedBytes(request) ?? 0) <= bytesMax) {
    response.writeContinue();
  }
  const reading = await readBody(request, { bytesMax, refusal: "at_once" });
  if (reading.kind === "aborted") return undefined;
  if (reading.kind === "too_large") return tooLarge();
  const payload = eventOf(context, { ...exchange, body: reading.bytes, accessKeyId });
  if (payload.byteLength > bytesMax) return tooLarge();
  return called(context, { ...exchange, payload });
}

function eventOf(
  { timers }: UrlFrontContext,
  exchange: Exchange & { readonly body: Buffer; readonly accessKeyId: string | undefined },
): Buffer {
  const { url, request, requestId, traceId, body, accessKeyId } = exchange;
  const http = {
    method: request.method ?? "GET",
    url: request.url ?? "/",
    rawHeaders: request.rawHeaders,
    body,
    sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
    port: request.socket.localPort ?? 0,
    requestId,
    traceId,
    receivedEpochMs: timers.epochMs(),
  };
  return urlEvent(http, { id: url.id, accessKeyId });
}

async function called(
  { caller, onError }: UrlFrontContext,
  { url, payload, requestId, traceId }: Exchange & { readonly payload: Buffer },
): Promise<Reply | StreamedReply> {
  const call = { functionArn: url.functionArn, payload, requestId, traceId };
  if (url.settings.invokeMode === "BUFFERED") return replyTo(await caller.call(call));
  const stream = new UrlStream();
  const calling = caller.call({ ...call, responseSink: stream });
  const ended = calling.then((result) => ({ result }));
  const first = await Promise.race([stream.head.then((head) => ({ head })), ended]);
  if ("result" in first) return unstreamedReply(first.result, stream);
  void finish(stream, calling).catch(onError);
  if (first.head === undefined) return BAD_GATEWAY;
  return { ...first.head, stream: stream.pipe.body };
}

/** A body that fails in the middle breaks off: its status has been sent. */
async function finish({ pipe }: UrlStream, calling: Promise<CallResult>): Promise<void> {
  const result = await calling.catch((error: unknown) => {
    pipe.cut();
    throw error;
  });
  const isWhole = result.kind === "answered" && !result.outcome.isFunctionError;
  if (isWhole && !pipe.isTooLarge) pipe.end();
  else pipe.cut();
}

function replyTo(result: CallResult): Reply {
  if (result.kind !== "answered") return refusalReply(result);
  return result.outcome.isFunctionError ? BAD_GATEWAY : urlResponse(result.outcome.payload);
}

/** A URL that streams passes the result of a function that does not as it is: it is not read as a response. */
function unstreamedReply(result: CallResult, { emptyHead }: UrlStream): Reply {
  if (result.kind !== "answered") return refusalReply(result);
  const { isFunctionError, isStreamed, payload } = result.outcome;
  if (isFunctionError) return BAD_GATEWAY;
  if (isStreamed === true)
    return emptyHead === undefined ? BAD_GATEWAY : { ...emptyHead, body: "" };
  return { statusCode: 200, headers: { "Content-Type": "application/json" }, body: payload };
}

function refusalReply(result: Exclude<CallResult, { kind: "answered" }>): Reply {
  switch (result.kind) {
    case "throttled":
      return jsonReply(
        429,
        { Reason: result.reason, Type: "User", message: "Rate Exceeded." },
        { "x-amzn-ErrorType": "TooManyRequestsException" },
      );
    case "unknown_function":
      return jsonReply(404, { Message: null }, { "x-amzn-ErrorType": "ResourceNotFoundException" });
    case "stopping":
      return jsonReply(503, { Message: "The emulator is stopping and takes no new invocations." });
    case "failed":
      return BAD_GATEWAY;
  }
}

function forbidden(): Reply {
  return jsonReply(403, { Message: "Forbidden" }, { "x-amzn-ErrorType": "AccessDeniedException" });
}

function tooLarge(): Reply {
  return jsonReply(
    413,
    { Message: "Request Entity Too Large" },
    { "x-amzn-ErrorType": "RequestEntityTooLargeException" },
  );
}

function accessKeyOf({ headers, url = "" }: IncomingMessage): string | undefined {
  return SIGNATURE_PATTERN.exec(headers.authorization ?? url)?.[1];
}

/** The caller's trace id where there is one, else a root of its own: `Root=1-{time}-{96 random bits}`. */
function traceIdOf(
  { headers }: IncomingMessage,
  { requestId, epochMs }: { requestId: string; epochMs: number },
): string {
  const given = headers["x-amzn-trace-id"];
  if (typeof given === "string" && given !== "") return given;
  const seconds = Math.floor(epochMs / 1000).toString(16);
  return `Root=1-${seconds}-${requestId.replaceAll("-", "").slice(0, 24)}`;
}
