import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { invariant, LAMBDA_LIMITS } from "@pilotlight/core";

import { type BodyReading, readBody } from "../http/read-body.ts";
import { errorPayload } from "./error-body.ts";
import { eventHeaders, type RuntimeEvent } from "./runtime-event.ts";
import {
  ACCEPTED,
  INVALID_INVOCATION_ID,
  INVALID_REQUEST_ID,
  INVALID_RESPONSE_MODE,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  PONG,
  type Reply,
  TOO_LARGE,
  transitionRefused,
} from "./reply.ts";
import { routeOf } from "./route.ts";
import { type ChannelAnswer, RuntimeChannel } from "./runtime-channel.ts";
import { nextRuntimeState, type RuntimeSignal, type RuntimeState } from "./runtime-state.ts";

/** What a runtime answered to an invocation. */
export type RuntimeAnswer =
  | { readonly kind: "response"; readonly payload: Buffer }
  | { readonly kind: "error"; readonly payload: Buffer }
  | { readonly kind: "too_large" }
  | { readonly kind: "invalid_response_mode" };

/** What the Runtime API tells the environment that it belongs to. */
export interface RuntimeListener {
  /**
   * The runtime asked for the next event and had none; the first time, this ends its init.
   *
   * @param isLogMarked - Whether the runtime has put a mark into its log channel before it asked.
   */
  onNext(isLogMarked: boolean): void;
  onAnswer(answer: RuntimeAnswer): void;
  /** The runtime could not initialise; `payload` is the error that it posted. */
  onInitError(payload: Buffer): void;
}

/** Header of `next` by which our own runtime client says that it has marked its log channel. */
const LOG_MARK_HEADER = "pilotlight-log-mark";
const RESPONSE_MODE_HEADER = "lambda-runtime-function-response-mode";
const INVOCATION_ID_HEADER = "lambda-runtime-invocation-id";
const TRAILER_ERROR_TYPE = "lambda-runtime-function-error-type";
const TRAILER_ERROR_BODY = "lambda-runtime-function-error-body";

/** The states that a call asks for, as AWS's refusals name them. */
const WANTED: Readonly<Record<"next" | "response" | "error" | "init_error", RuntimeState>> = {
  next: "Ready",
  response: "InvocationResponse",
  error: "InvocationErrorResponse",
  init_error: "InitError",
};

/** An error's cause for tracing travels in a header, so headers may be as large as a stack trace. */
const HEADER_BYTES_MAX = 1_048_576;

/** A runtime that is still writing its answer would not see the refusal. */
const ANSWER_READING = {
  bytesMax: LAMBDA_LIMITS.invokeResponseBytesMax,
  refusal: "at_end",
} as const;

/**
 * The Runtime API of one environment: version 2018-06-01 on a free port of 127.0.0.1.
 *
 * One server per environment, since aws-lambda-ric takes its address as strict host:port and a
 * call carries nothing else that would tell environments apart.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  readonly #server: Server;
  readonly #listener: RuntimeListener;
  #state: RuntimeState = "Started";
  /** The event in progress, or the last one: a late answer to it is refused by state, not by id. */
  #event: RuntimeEvent | undefined;
  /** Calls of `next` that wait for an event. */
  #waiting: NextCall[] = [];
  /** A `next` that came while the answer before it was still being read. */
  #early: NextCall | undefined;
  #channel: RuntimeChannel | undefined;
  #isReadingAnswer = false;
  #connectionCount = 0;
  #onDisconnected: (() => void)[] = [];

  constructor(listener: RuntimeListener) {
    this.#listener = listener;
    this.#server = createServer(
      { maxHeaderSize: HEADER_BYTES_MAX, noDelay: true, keepAliveTimeout: 0 },
      (request, response) => this.#handle(request, response),
    );
    // A call of `next` blocks for as long as there is no event.
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.timeout = 0;
    this.#server.on("connection", (socket) => {
      this.#connectionCount += 1;
      socket.on("close", () => {
        this.#connectionCount -= 1;
        if (this.#connectionCount === 0) this.#settleDisconnected();
      });
    });
  }

  get state(): RuntimeState {
    return this.#state;
  }

  /** Starts to listen. @returns The address for AWS_LAMBDA_RUNTIME_API, host:port. */
  async listen(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    this.#server.off("error", reject);
    const address = this.#server.address();
    invariant(typeof address === "object" && address !== null, "a TCP server has an address");
    return `127.0.0.1:${address.port}`;
  }

  /** Serves the runtime of a new process over its channel, beside the calls that come by HTTP. */
  connect(stream: Duplex): void {
    const channel = new RuntimeChannel(stream, {
      onNext: (isLogMarked) => {
        if (this.#channel === channel) this.#next(channelCall(channel, isLogMarked));
      },
      onAnswer: (answer) => {
        if (this.#channel === channel) this.#channelAnswered(answer);
      },
    });
    this.#channel = channel;
  }

  /** Hands an event to the runtime, which must be waiting for one (state Ready). */
  offer(event: RuntimeEvent): void {
    const isAllowed = this.#move("event");
    invariant(isAllowed, `an event cannot be offered to a runtime in state ${this.#state}`);
    this.#event = event;
    // The runtime may have hung up already; the end of its process is then the outcome.
    this.#waiting.shift()?.sendEvent(event);
  }

  /** Forgets the runtime that was connected, so that a new process can start over. */
  reset(): void {
    this.#state = "Started";
    this.#event = undefined;
    this.#waiting = [];
    this.#early = undefined;
    this.#channel = undefined;
    this.#isReadingAnswer = false;
    this.#server.closeAllConnections();
  }

  /**
   * Settles when no HTTP connection is left, which is when all that the runtime sent by HTTP has been read.
   *
   * The channel is not counted: it is one of the pipes of the process, which are read to their ends before
   * the process counts as gone.
   */
  disconnected(): Promise<void> {
    if (this.#connectionCount === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDisconnected.push(resolve);
    return promise;
  }

  /** Ends the server and its connections; it may not have listened yet. */
  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    return promise;
  }

  #settleDisconnected(): void {
    const settle = this.#onDisconnected;
    this.#onDisconnected = [];
    for (const resolve of settle) resolve();
  }

  #move(signal: RuntimeSignal): boolean {
    const next = nextRuntimeState(this.#state, signal);
    if (next !== undefined) this.#state = next;
    return next !== undefined;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    response.sendDate = false;
    const route = routeOf(request.method ?? "", request.url ?? "");
    switch (route.kind) {
      case "next":
        return this.#nextByHttp(request, response);
      case "response":
      case "error":
        return this.#answer({ request, response, kind: route.kind, requestId: route.requestId });
      case "init_error":
        return this.#initError(request, response);
      case "ping":
        return refuse(request, response, PONG);
      case "not_found":
        return refuse(request, response, NOT_FOUND);
      case "method_not_allowed":
        return refuse(request, response, METHOD_NOT_ALLOWED);
    }
  }

  #nextByHttp(request: IncomingMessage, response: ServerResponse): void {
    const call: NextCall = {
      isLogMarked: LOG_MARK_HEADER in request.headers,
      isRepeatable: true,
      sendEvent: (event) => sendEvent(response, event),
      refuse: (reply) => refuse(request, response, reply),
    };
    response.on("close", () => {
      this.#waiting = this.#waiting.filter((other) => other !== call);
    });
    this.#next(call);
  }

  #next(call: NextCall): void {
    const isRepeat = this.#state === "Running";
    if (this.#isReadingAnswer || (isRepeat && !call.isRepeatable)) {
      // aws-lambda-ric asks for the next event before its failing stream has been answered.
      this.#early = call;
      return;
    }
    const from = this.#state;
    if (!this.#move("next")) return call.refuse(transitionRefused(from, WANTED.next));
    if (isRepeat && this.#event !== undefined) return call.sendEvent(this.#event);
    this.#waiting.push(call);
    if (from !== "Ready") this.#listener.onNext(call.isLogMarked);
  }

  #channelAnswered({ kind, requestId, body }: ChannelAnswer): void {
    // Our own client does not look at what becomes of its answer, so a refusal needs no reply.
    if (this.#answerRefusal({ kind, requestId }) !== undefined) return;
    this.#move("sent");
    this.#accept(body === undefined ? { kind: "too_large" } : { kind, payload: body });
  }

  #answer(call: AnswerCall): void {
    const { request, response, kind, requestId } = call;
    const invocationId = request.headers[INVOCATION_ID_HEADER];
    const refusal = this.#answerRefusal({ kind, requestId, invocationId });
    if (refusal !== undefined) return refuse(request, response, refusal);
    const mode = request.headers[RESPONSE_MODE_HEADER];
    if (kind === "response" && mode !== undefined && mode !== "streaming") {
      this.#listener.onAnswer({ kind: "invalid_response_mode" });
      return refuse(request, response, INVALID_RESPONSE_MODE);
    }
    this.#isReadingAnswer = true;
    const event = this.#event;
    void readBody(request, ANSWER_READING).then((body) => {
      if (this.#event === event) this.#answered(call, body);
    });
  }

  #answerRefusal({
    kind,
    requestId,
    invocationId,
  }: Pick<AnswerCall, "kind" | "requestId"> & {
    readonly invocationId?: unknown;
  }): Reply | undefined {
    if (this.#event?.requestId !== requestId) return INVALID_REQUEST_ID;
    if (invocationId !== undefined && invocationId !== this.#event.invocationId) {
      return INVALID_INVOCATION_ID;
    }
    const from = this.#state;
    return this.#move(kind) ? undefined : transitionRefused(from, WANTED[kind]);
  }

  #answered({ request, response, kind }: AnswerCall, body: BodyReading): void {
    this.#isReadingAnswer = false;
    // A runtime that hangs up in the middle of its answer has ended or will run into its timeout.
    if (body.kind === "aborted") return;
    this.#move("sent");
    send(response, body.kind === "too_large" ? TOO_LARGE : ACCEPTED);
    this.#accept(answerOf(request, { kind, body }));
  }

  #accept(answer: RuntimeAnswer): void {
    this.#listener.onAnswer(answer);
    const early = this.#early;
    this.#early = undefined;
    if (early !== undefined) this.#next(early);
  }

  #initError(request: IncomingMessage, response: ServerResponse): void {
    const from = this.#state;
    if (!this.#move("init_error")) {
      return refuse(request, response, transitionRefused(from, WANTED.init_error));
    }
    void readBody(request, ANSWER_READING).then((body) => {
      if (body.kind === "aborted") return;
      send(response, body.kind === "too_large" ? TOO_LARGE : ACCEPTED);
      if (body.kind === "too_large") return;
      this.#listener.onInitError(errorPayload(body.bytes, request.headers["content-type"]));
    });
  }
}

/** A call of `next`, whichever way it came. */
interface NextCall {
  readonly isLogMarked: boolean;
  /**
   * Whether the call is answered with the same event again while that one has no answer. Our own
   * client asks so early only when its stream has failed, and the stream's end is still on its way.
   */
  readonly isRepeatable: boolean;
  sendEvent(event: RuntimeEvent): void;
  refuse(reply: Reply): void;
}

function channelCall(channel: RuntimeChannel, isLogMarked: boolean): NextCall {
  return {
    isLogMarked,
    isRepeatable: false,
    sendEvent: (event) => channel.sendEvent(event),
    refuse: ({ status }) => channel.sendRefusal(status),
  };
}

interface AnswerCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly kind: "response" | "error";
  readonly requestId: string;
}

function answerOf(
  request: IncomingMessage,
  { kind, body }: { kind: "response" | "error"; body: Exclude<BodyReading, { kind: "aborted" }> },
): RuntimeAnswer {
  if (body.kind === "too_large") return { kind: "too_large" };
  if (kind === "error") {
    return { kind, payload: errorPayload(body.bytes, request.headers["content-type"]) };
  }
  // A stream that failed on its way says so in its trailers.
  if (request.trailers[TRAILER_ERROR_TYPE] === undefined) return { kind, payload: body.bytes };
  const error = request.trailers[TRAILER_ERROR_BODY] ?? "";
  return { kind: "error", payload: Buffer.from(error, "base64") };
}

function sendEvent(response: ServerResponse, event: RuntimeEvent): void {
  response.writeHead(200, eventHeaders(event));
  response.end(event.payload);
}

/** Answers a call whose body, if it has one, is of no interest. */
function refuse(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  request.resume();
  send(response, reply);
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, headers as string[]);
  response.end(body);
}
