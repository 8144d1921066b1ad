import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { answerControl, CONTROL_BYTES_MAX, type ControlContext } from "./control/control.ts";
import { hostRefusal, pageRefusal } from "./http/foreign-request.ts";
import { announcedBytes, drained, readBody } from "./http/read-body.ts";
import { jsonReply, type Reply, sendReply } from "./http/reply.ts";
import { signatureScope } from "./http/signature-scope.ts";
import { sendStreamedReply, type StreamedReply } from "./http/streamed-reply.ts";
import type { AwsService, ServiceRequest, StreamingService } from "./service.ts";

/** Paths of the Lambda API start with the date of one of its versions. */
const LAMBDA_PATH_PATTERN = /^\/20\d\d-\d\d-\d\d\//;

const CONTROL_PREFIX = "/_pilotlight/";
const NO_QUERY = new URLSearchParams();

interface AwsEndpointContext {
  readonly services: readonly (AwsService<Reply | StreamedReply> | StreamingService)[];
  /** Answers the emulator's own paths. */
  readonly control: ControlContext;
  /** Settles when the request has come through: at once, but for a slow network. */
  readonly arrived: () => Promise<void> | undefined;
  /** Told of errors that are the emulator's own. */
  readonly onError: (error: unknown) => void;
}

/**
 * Makes the handler of the one address that all emulated AWS services share.
 *
 * The service is the one that the request is signed for; signatures themselves are not verified. A
 * request of a web page is refused whatever it asks for: who creates a function runs code here.
 */
export function awsEndpoint(
  context: AwsEndpointContext,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void answer(context, { request, response })
      .then(async (reply) => {
        if (reply === undefined) return;
        if ("stream" in reply) await sendStreamedReply(response, reply);
        else sendReply(response, reply);
      })
      .catch(context.onError);
  };
}

async function answer(
  context: AwsEndpointContext,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<Reply | StreamedReply | undefined> {
  const refusal = hostRefusal(request) ?? pageRefusal(request);
  if (refusal !== undefined) return jsonReply(403, { error: `${refusal}.` });
  const url = request.url ?? "/";
  const queryStart = url.indexOf("?");
  const path = queryStart < 0 ? url : url.slice(0, queryStart);
  const query = queryStart < 0 ? NO_QUERY : new URLSearchParams(url.slice(queryStart));
  if (path.startsWith(CONTROL_PREFIX)) return controlled(context, { request, path, query });
  await context.arrived();
  const scope = scopeOf(request, { path, query });
  const service = context.services.find((known) => known.scope === scope);
  if (service === undefined) return unknownService(context, { scope, path });
  const target = { method: request.method ?? "GET", path };
  if ("answerStreamed" in service) {
    const { headers } = request;
    return answerStreamed(context, {
      service,
      target: { ...target, query, headers },
      request,
      response,
    });
  }
  const bytesMax = service.bodyBytesMax(target);
  if (request.headers.expect !== undefined && (announcedBytes(request) ?? 0) <= bytesMax) {
    response.writeContinue();
  }
  const reading = await readBody(request, { bytesMax, refusal: "at_once" });
  if (reading.kind === "aborted") return undefined;
  if (reading.kind === "too_large") return service.tooLarge(target);
  try {
    return await service.answer({
      ...target,
      query,
      headers: request.headers,
      body: reading.bytes,
      signal: endOf(response),
    });
  } catch (error) {
    return failed(context, error);
  }
}

function endOf(response: ServerResponse): AbortSignal {
  const ending = new AbortController();
  response.once("close", () => ending.abort());
  return ending.signal;
}

interface StreamedExchange {
  readonly service: StreamingService;
  readonly target: Omit<ServiceRequest, "body">;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answerStreamed(
  context: AwsEndpointContext,
  { service, target, request, response }: StreamedExchange,
): Promise<Reply | StreamedReply | undefined> {
  try {
    const body = bodyOf(request, response);
    const reply = await service.answerStreamed({ ...target, body });
    if (response.destroyed) {
      if ("stream" in reply) reply.stream?.destroy();
      return undefined;
    }
    // A client that is still sending must get to read the answer.
    if (!request.readableEnded) await drained(request, "at_once");
    return reply;
  } catch (error) {
    return failed(context, error);
  }
}

/** Asks for the body of a client that waits to be asked when somebody reads it. */
async function* bodyOf(
  request: IncomingMessage,
  response: ServerResponse,
): AsyncGenerator<Uint8Array> {
  if (request.headers.expect !== undefined) response.writeContinue();
  // Whoever stops reading must not close the connection that the answer goes over.
  yield* request.iterator({ destroyOnReturn: false });
}

function scopeOf(
  { headers }: IncomingMessage,
  { path, query }: { path: string; query: URLSearchParams },
): string | undefined {
  const scope = signatureScope({ headers, query });
  if (scope !== undefined) return scope;
  return LAMBDA_PATH_PATTERN.test(path) ? "lambda" : undefined;
}

function unknownService(
  { services }: AwsEndpointContext,
  { scope, path }: { scope: string | undefined; path: string },
): Reply {
  const what =
    scope === undefined
      ? `The request for ${path} is not signed, so that its service is not known`
      : `The service "${scope}" is not emulated`;
  const known = services.map((service) => service.scope).join(", ");
  return jsonReply(501, {
    error: `${what}; this endpoint has ${known}: sign requests for one of them (Signature Version 4, any credentials), or use a path of the Lambda API such as /2015-03-31/functions.`,
  });
}

async function controlled(
  { control }: AwsEndpointContext,
  { request, path, query }: { request: IncomingMessage; path: string; query: URLSearchParams },
): Promise<Reply | undefined> {
  const reading = await readBody(request, { bytesMax: CONTROL_BYTES_MAX, refusal: "at_once" });
  if (reading.kind === "aborted") return undefined;
  if (reading.kind === "too_large") {
    return jsonReply(413, { error: `A control request has at most ${CONTROL_BYTES_MAX} bytes.` });
  }
  return answerControl(control, {
    method: request.method ?? "GET",
    path,
    query,
    body: reading.bytes,
  });
}

/** A fault of the emulator; what a service refuses is its own reply. */
function failed({ onError }: AwsEndpointContext, error: unknown): Reply {
  onError(error);
  const message = error instanceof Error ? error.message : String(error);
  return jsonReply(
    500,
    { Type: "Service", Message: `The emulator failed: ${message}` },
    { "x-amzn-ErrorType": "ServiceException", "x-amzn-RequestId": randomUUID() },
  );
}
