import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { invariant } from "@pilotlight/core";

import { readBody } from "../http/read-body.ts";
import {
  ANSWER_READING,
  type AnswerReading,
  passStream,
  readAnswer,
  type RuntimeAnswer,
  STREAM_BYTES_MAX,
  type StreamWriter,
} from "./answer-reading.ts";
import {
  ACCEPTED,
  INVALID_INVOCATION_ID,
  INVALID_REQUEST_ID,
  INVALID_RESPONSE_MODE,
  refuse,
  type Reply,
  send,
  TOO_LARGE,
  transitionRefused,
} from "./reply.ts";
import { type ChannelAnswer, RuntimeChannel } from "./runtime-channel.ts";
import { eventHeaders, type RuntimeEvent } from "./runtime-event.ts";
import { nextRuntimeState, type RuntimeSignal, type RuntimeState } from "./runtime-state.ts";

/** What the Runtime API tells the environment that it belongs to. */
export interface RuntimeListener {
  /**
   * The runtime asked for the next event and had none; the first time, this ends its init.
   *
   * @param isLogMarked - Whether the runtime has put a mark into its log channel before it asked.
   */
  onNext(isLogMarked: boolean): void;
  onAnswer(answer: RuntimeAnswer): void;
  /**
   * The runtime has begun to stream its response.
   *
   * @returns Where the parts go; without it they are put together and answered as one.
   */
  onStream(head: { readonly contentType: string }): StreamWriter | undefined;
  /** The runtime could not initialise; `payload` is the error that it posted. */
  onInitError(payload: Buffer): void;
}

/** A call of the Runtime API by HTTP. */
export interface HttpCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Header of `next` by which our own runtime client says that it has marked its log channel. */
const LOG_MARK_HEADER = "pilotlight-log-mark";
const RESPONSE_MODE_HEADER = "lambda-runtime-function-response-mode";
const INVOCATION_ID_HEADER = "lambda-runtime-invocation-id";
const STREAM_CONTENT_TYPE = "application/octet-stream";

/** The states that a call asks for, as AWS's refusals name them. */
const WANTED: Readonly<Record<"next" | "response" | "error" | "init_error", RuntimeState>> = {
  next: "Ready",
  response: "InvocationResponse",
  error: "InvocationErrorResponse",
  init_error: "InitError",
};

/** How far the answer in progress has come. */
type Reading = "none" | "reading" | "broken_off";

/** The conversation with one runtime process: its state, the event in progress, and the calls that wait. */
export class RuntimeSession {
  readonly #listener: RuntimeListener;
  #state: RuntimeState = "Started";
  /**
   * The event in progress, until the runtime asks for the next one: a second answer before that is
   * refused by state, one after it by its id.
   */
  #event: RuntimeEvent | undefined;
  /** Calls of `next` that wait for an event. */
  #waiting: NextCall[] = [];
  /** A `next` that came while the answer before it was still being read. */
  #early: NextCall | undefined;
  #channel: RuntimeChannel | undefined;
  #reading: Reading = "none";

  constructor(listener: RuntimeListener) {
    this.#listener = listener;
  }

  get state(): RuntimeState {
    return this.#state;
  }

  /** Serves the runtime over its channel, beside the calls that come by HTTP. */
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
    this.#reading = "none";
  }

  next({ request, response }: HttpCall): void {
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

  answer(call: AnswerCall): void {
    const { request, response, kind, requestId } = call;
    const invocationId = request.headers[INVOCATION_ID_HEADER];
    const refusal = this.#answerRefusal({ kind, requestId, invocationId });
    if (refusal !== undefined) return refuse(request, response, refusal);
    const mode = request.headers[RESPONSE_MODE_HEADER] || undefined;
    if (kind === "response" && mode !== undefined && mode !== "streaming") {
      this.#listener.onAnswer({ kind: "invalid_response_mode" });
      return refuse(request, response, INVALID_RESPONSE_MODE);
    }
    this.#reading = "reading";
    const event = this.#event;
    void this.#read(call, { isStreamed: mode !== undefined }).then((answer) => {
      if (this.#event === event) this.#answered(call, answer);
    });
  }

  initError({ request, response }: HttpCall): void {
    const from = this.#state;
    if (!this.#move("init_error")) {
      return refuse(request, response, transitionRefused(from, WANTED.init_error));
    }
    void readBody(request, ANSWER_READING).then((body) => {
      if (body.kind === "aborted") return;
      send(response, body.kind === "too_large" ? TOO_LARGE : ACCEPTED);
      if (body.kind === "too_large") return;
      // As on AWS, the caller gets it as it was posted, a cause too.
      this.#listener.onInitError(body.bytes);
    });
  }

  #move(signal: RuntimeSignal): boolean {
    const next = nextRuntimeState(this.#state, signal);
    if (next !== undefined) this.#state = next;
    return next !== undefined;
  }

  #next(call: NextCall): void {
    const isRepeat = this.#state === "Running";
    if (this.#reading === "reading" || (isRepeat && !call.isRepeatable)) {
      // aws-lambda-ric asks for the next event before its failing stream has been answered.
      this.#early = call;
      return;
    }
    if (this.#reading === "broken_off") this.#truncated();
    const from = this.#state;
    if (!this.#move("next")) return call.refuse(transitionRefused(from, WANTED.next));
    if (isRepeat && this.#event !== undefined) return call.sendEvent(this.#event);
    this.#event = undefined;
    this.#waiting.push(call);
    if (from !== "Ready") this.#listener.onNext(call.isLogMarked);
  }

  #channelAnswered({ kind, requestId, body }: ChannelAnswer): void {
    // Our own client does not look at what becomes of its answer, so a refusal needs no reply.
    if (this.#answerRefusal({ kind, requestId }) !== undefined) return;
    this.#move("sent");
    this.#accept(body === undefined ? { kind: "too_large" } : { kind, payload: body });
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

  #read(
    { request, kind }: AnswerCall,
    { isStreamed }: { isStreamed: boolean },
  ): Promise<AnswerReading> {
    const contentType = request.headers["content-type"] ?? STREAM_CONTENT_TYPE;
    const write =
      kind === "response" && isStreamed ? this.#listener.onStream({ contentType }) : undefined;
    return write === undefined
      ? readAnswer(request, kind)
      : passStream(request, { write, bytesMax: STREAM_BYTES_MAX });
  }

  #answered({ response }: AnswerCall, answer: AnswerReading): void {
    if (answer.kind === "aborted") {
      // The runtime has ended, will run into its timeout, or asks for its next event.
      this.#reading = "broken_off";
      const early = this.#takeEarly();
      if (early !== undefined) this.#next(early);
      return;
    }
    this.#reading = "none";
    this.#move("sent");
    send(response, replyTo(answer));
    this.#accept(answer);
  }

  /** A process that asks for its next event lives, so its broken answer is all that will come. */
  #truncated(): void {
    this.#reading = "none";
    this.#move("sent");
    this.#listener.onAnswer({ kind: "truncated" });
  }

  #accept(answer: RuntimeAnswer): void {
    this.#listener.onAnswer(answer);
    const early = this.#takeEarly();
    if (early !== undefined) this.#next(early);
  }

  #takeEarly(): NextCall | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early;
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

/** A call that answers an event, by HTTP. */
interface AnswerCall extends HttpCall {
  readonly kind: "response" | "error";
  readonly requestId: string;
}

function channelCall(channel: RuntimeChannel, isLogMarked: boolean): NextCall {
  return {
    isLogMarked,
    isRepeatable: false,
    sendEvent: (event) => channel.sendEvent(event),
    refuse: ({ status }) => channel.sendRefusal(status),
  };
}

function replyTo(answer: RuntimeAnswer): Reply {
  return answer.kind === "too_large" || answer.kind === "stream_too_large" ? TOO_LARGE : ACCEPTED;
}

function sendEvent(response: ServerResponse, event: RuntimeEvent): void {
  response.writeHead(200, eventHeaders(event));
  response.end(event.payload);
}
