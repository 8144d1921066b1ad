import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { announcedBytes, readBody } from "./http/read-body.ts";
import { jsonReply, type Reply, sendReply } from "./http/reply.ts";
import { answerLambda, bodyLimit, type LambdaContext } from "./lambda/api.ts";
import { AwsError, requestTooLarge } from "./lambda/aws-error.ts";
import type { EnvironmentSummary } from "./lambda/environment-summary.ts";

/** Scope in a Signature Version 4 header: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`. */
const SCOPE_PATTERN = /Credential=[^/,]+\/\d{8}\/[^/,]+\/([^/,]+)\/aws4_request/;

/** Paths of the Lambda API start with the date of one of its versions. */
const LAMBDA_PATH_PATTERN = /^\/20\d\d-\d\d-\d\d\//;

const CONTROL_PREFIX = "/_pilotlight/";
const NO_QUERY = new URLSearchParams();

interface AwsEndpointContext {
  readonly lambda: LambdaContext;
  readonly listEnvironments: () => readonly EnvironmentSummary[];
  /** Told of errors that are the emulator's own. */
  readonly onError: (error: unknown) => void;
}

/**
 * Makes the handler of the one address that all emulated AWS services share.
 *
 * The service is the one that the request is signed for; signatures themselves are not verified.
 */
export function awsEndpoint(
  context: AwsEndpointContext,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void answer(context, { request, response })
      .then((reply) => {
        if (reply !== undefined) sendReply(response, reply);
      })
      .catch(context.onError);
  };
}

async function answer(
  context: AwsEndpointContext,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<Reply | undefined> {
  const url = request.url ?? "/";
  const queryStart = url.indexOf("?");
  const path = queryStart < 0 ? url : url.slice(0, queryStart);
  if (path.startsWith(CONTROL_PREFIX))
    return answerControl(context, { method: request.method, path });
  const service = serviceOf(request, path);
  if (service !== "lambda") return unknownService(service, path);
  try {
    const limit = bodyLimit(path);
    const announced = announcedBytes(request);
    if (request.headers.expect !== undefined && (announced ?? 0) <= limit.bytesMax) {
      response.writeContinue();
    }
    const reading = await readBody(request, limit.bytesMax);
    if (reading.kind === "aborted") return undefined;
    if (reading.kind === "too_large") throw requestTooLarge(limit);
    return await answerLambda(context.lambda, {
      method: request.method ?? "GET",
      path,
      query: queryStart < 0 ? NO_QUERY : new URLSearchParams(url.slice(queryStart)),
      headers: request.headers,
      body: reading.bytes,
    });
  } catch (error) {
    return errorReply(context, error);
  }
}

function serviceOf(request: IncomingMessage, path: string): string | undefined {
  const { authorization } = request.headers;
  const signedFor =
    authorization === undefined ? undefined : SCOPE_PATTERN.exec(authorization)?.[1];
  if (signedFor !== undefined) return signedFor;
  return LAMBDA_PATH_PATTERN.test(path) ? "lambda" : undefined;
}

function unknownService(service: string | undefined, path: string): Reply {
  const what =
    service === undefined
      ? `The request for ${path} is not signed, so that its service is not known`
      : `The service "${service}" is not emulated`;
  return jsonReply(501, {
    error: `${what}; this endpoint has Lambda: sign requests for it (Signature Version 4, any credentials), or use a path of its API such as /2015-03-31/functions.`,
  });
}

function answerControl(
  { listEnvironments }: AwsEndpointContext,
  { method, path }: { method: string | undefined; path: string },
): Reply {
  if (path === "/_pilotlight/environments") {
    if (method === "GET") return jsonReply(200, listEnvironments());
    return jsonReply(
      405,
      { error: `${method} is not accepted at ${path}; use GET` },
      { Allow: "GET" },
    );
  }
  if (path === "/_pilotlight/faults") {
    return jsonReply(501, { error: "Faults cannot be injected yet; nothing was changed." });
  }
  return jsonReply(404, {
    error: `${path} is not known; there are GET /_pilotlight/environments and /_pilotlight/faults`,
  });
}

function errorReply({ onError }: AwsEndpointContext, error: unknown): Reply {
  if (error instanceof AwsError) {
    return jsonReply(error.statusCode, error.body, {
      "x-amzn-ErrorType": error.type,
      "x-amzn-RequestId": randomUUID(),
    });
  }
  onError(error);
  const message = error instanceof Error ? error.message : String(error);
  return jsonReply(
    500,
    { Type: "Service", Message: `The emulator failed: ${message}` },
    { "x-amzn-ErrorType": "ServiceException", "x-amzn-RequestId": randomUUID() },
  );
}
