import { randomUUID } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";

import { formatBytes, HTTP_API_LIMITS, LAMBDA_LIMITS, type Timers } from "@pilotlight/core";

import type { InvocationOutcome } from "../environment/contract.ts";
import { hostRefusal } from "../http/foreign-request.ts";
import { announcedBytes, readBody } from "../http/read-body.ts";
import { jsonReply, type Reply, sendReply } from "../http/reply.ts";
import type { InvokeRefusal } from "../lambda/invoke.ts";
import { httpApiEvent } from "./event.ts";
import { httpApiResponse, INTERNAL_ERROR, UNAVAILABLE } from "./response.ts";

/** One answered request, for a log. */
export interface RequestRecord {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly statusCode: number;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Of the response. */
  readonly headers: OutgoingHttpHeaders;
}

/** What `GET /metrics` answers. */
export type MetricsSource = () => Promise<{ readonly contentType: string; readonly body: string }>;

interface FrontContext {
  /** Invokes the function behind the route `$default`; `undefined` when there is no such function. */
  readonly invoke: (event: {
    requestId: string;
    payload: Uint8Array;
    traceId: string;
  }) => Promise<InvocationOutcome | InvokeRefusal> | undefined;
  /** Settles when the request has come through: at once, but for a slow network. */
  readonly arrived: () => Promise<void> | undefined;
  /** Real time. */
  readonly timers: Timers;
  readonly onRequest: ((record: RequestRecord) => void) | undefined;
  readonly metrics: MetricsSource | undefined;
  /** Told of errors that are the emulator's own. */
  readonly onError: (error: unknown) => void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

const INTEGRATION_TIMEOUT_MS = HTTP_API_LIMITS.integrationTimeoutSecMax * 1000;

/**
 * Makes the request handler of the HTTP API: every route leads to one function.
 *
 * A page of another origin may call it, as it may call one on AWS; it reads no answer, since there are
 * no CORS headers. Only a request for another host is refused.
 */
export function httpApiFront(
  context: FrontContext,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const startMs = context.timers.monotonicMs();
    const exchange = { request, response, requestId: randomUUID() };
    void answer(context, exchange)
      .catch((error: unknown) => {
        context.onError(error);
        return { requestBytes: 0, reply: INTERNAL_ERROR };
      })
      .then((answered) => {
        if (answered === undefined) return;
        const { reply, requestBytes } = answered;
        response.setHeader("Apigw-Requestid", exchange.requestId);
        const responseBytes = sendReply(response, reply);
        context.onRequest?.({
          method: request.method ?? "GET",
          path: request.url ?? "/",
          statusCode: reply.statusCode,
          durationMs: context.timers.monotonicMs() - startMs,
          requestBytes,
          responseBytes,
          headers: reply.headers,
        });
      })
      .catch(context.onError);
  };
}

async function answer(
  context: FrontContext,
  exchange: Exchange,
): Promise<{ reply: Reply; requestBytes: number } | undefined> {
  const { request, response } = exchange;
  await context.arrived();
  const refusal = hostRefusal(request);
  if (refusal !== undefined) {
    const reply = jsonReply(403, { message: "Forbidden", error: `${refusal}.` });
    return { reply, requestBytes: 0 };
  }
  const bytesMax = HTTP_API_LIMITS.payloadBytesMax;
  if (request.headers.expect !== undefined && (announcedBytes(request) ?? 0) <= bytesMax) {
    response.writeContinue();
  }
  const reading = await readBody(request, { bytesMax, refusal: "at_once" });
  if (reading.kind === "aborted") return undefined;
  if (reading.kind === "too_large") {
    const reply = tooLarge(
      `the body has ${formatBytes(reading.bytes)} or more; an HTTP API accepts ${formatBytes(bytesMax)}`,
    );
    return { reply, requestBytes: reading.bytes };
  }
  const requestBytes = reading.bytes.byteLength;
  if (context.metrics !== undefined && isMetricsRequest(request)) {
    const { contentType, body } = await context.metrics();
    return {
      reply: { statusCode: 200, headers: { "Content-Type": contentType }, body },
      requestBytes,
    };
  }
  return { reply: await invoked(context, { ...exchange, body: reading.bytes }), requestBytes };
}

async function invoked(
  context: FrontContext,
  { request, requestId, body }: Exchange & { readonly body: Buffer },
): Promise<Reply> {
  const receivedEpochMs = context.timers.epochMs();
  const traceId = traceIdOf(request, { requestId, epochMs: receivedEpochMs });
  const payload = httpApiEvent({
    method: request.method ?? "GET",
    url: request.url ?? "/",
    rawHeaders: request.rawHeaders,
    body,
    sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
    port: request.socket.localPort ?? 0,
    requestId,
    traceId,
    receivedEpochMs,
  });
  const bytesMax = LAMBDA_LIMITS.invokeRequestBytesMax;
  if (payload.byteLength > bytesMax) {
    return tooLarge(
      `the body of ${formatBytes(body.byteLength)} makes an event of ${formatBytes(payload.byteLength)} (text grows by JSON's escapes, other bytes by a third as base64); Lambda accepts events of ${formatBytes(bytesMax)}`,
    );
  }
  const outcome = context.invoke({ requestId, payload, traceId });
  if (outcome === undefined) return INTERNAL_ERROR;
  const answered = await withinTimeout(outcome, context.timers);
  if (answered === "service_error") return INTERNAL_ERROR;
  if (typeof answered === "string") return UNAVAILABLE;
  return answered.isFunctionError ? INTERNAL_ERROR : httpApiResponse(answered.payload);
}

/** The function goes on past the timeout, as it does on AWS; only nobody hears its answer. */
function withinTimeout(
  outcome: Promise<InvocationOutcome | InvokeRefusal>,
  timers: Timers,
): Promise<InvocationOutcome | InvokeRefusal | "timed_out"> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(INTEGRATION_TIMEOUT_MS, () => resolve("timed_out"));
    outcome.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

function isMetricsRequest({ method, url = "" }: IncomingMessage): boolean {
  return method === "GET" && (url === "/metrics" || url.startsWith("/metrics?"));
}

/** The caller's trace id where there is one, else a root of its own: `Root=1-{time}-{96 random bits}`. */
function traceIdOf(
  request: IncomingMessage,
  { requestId, epochMs }: { requestId: string; epochMs: number },
): string {
  const given = request.headers["x-amzn-trace-id"];
  if (typeof given === "string" && given !== "") return given;
  const seconds = Math.floor(epochMs / 1000).toString(16);
  return `Root=1-${seconds}-${requestId.replaceAll("-", "").slice(0, 24)}`;
}

/** AWS's body has `message` only; `error` is Pilotlight's own and says what to do. */
function tooLarge(what: string): Reply {
  const remedy =
    "send fewer inputs in one request, or send tensors with the binary extension instead of JSON";
  return jsonReply(413, { message: "Request Entity Too Large", error: `${what}; ${remedy}` });
}
