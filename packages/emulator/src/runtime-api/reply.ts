import type { IncomingMessage, ServerResponse } from "node:http";

import { LAMBDA_LIMITS } from "@pilotlight/core";

import type { RuntimeState } from "./runtime-state.ts";

/** An answer of the Runtime API; `headers` alternates names and values, as node:http writes fastest. */
export interface Reply {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

/*
 * The texts are those of AWS's implementation: aws-lambda-runtime-interface-emulator@4fa2157,
 * internal/lambda/rapi/rendering.
 */

export const ACCEPTED = jsonReply(202, { status: "OK" });
export const PONG = textReply(200, "pong");
export const NOT_FOUND = textReply(404, "404 page not found\n");
export const METHOD_NOT_ALLOWED: Reply = {
  status: 405,
  headers: ["Content-Length", "0"],
  body: "",
};
export const INVALID_REQUEST_ID = errorReply(400, "InvalidRequestID", "Invalid request ID");
export const INVALID_INVOCATION_ID = errorReply(
  400,
  "InvalidInvocationId",
  "Invalid invocation ID",
);
export const INVALID_RESPONSE_MODE = errorReply(
  400,
  "InvalidFunctionResponseMode",
  "Invalid function response mode",
);
/** The text names the limit of a response in one piece, also to a runtime that has streamed. */
export const TOO_LARGE = errorReply(
  413,
  "RequestEntityTooLarge",
  `Exceeded maximum allowed payload size (${LAMBDA_LIMITS.invokeResponseBytesMax} bytes).`,
);

/** The refusal of a call that would lead to state `to` from a state that does not allow it. */
export function transitionRefused(from: RuntimeState, to: RuntimeState): Reply {
  return errorReply(
    403,
    "InvalidStateTransition",
    `State transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed`,
  );
}

/** Answers a call whose body, if it has one, is of no interest. */
export function refuse(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  request.resume();
  send(response, reply);
}

export function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, headers as string[]);
  response.end(body);
}

export function errorReply(status: number, errorType: string, errorMessage: string): Reply {
  return jsonReply(status, { errorMessage, errorType });
}

export function jsonReply(status: number, value: unknown): Reply {
  const body = JSON.stringify(value);
  const headers = [
    "Content-Type",
    "application/json",
    "Content-Length",
    `${Buffer.byteLength(body)}`,
  ];
  return { status, headers, body };
}

export function textReply(status: number, body: string): Reply {
  const headers = [
    "Content-Type",
    "text/plain; charset=utf-8",
    "Content-Length",
    `${Buffer.byteLength(body)}`,
  ];
  return { status, headers, body };
}
