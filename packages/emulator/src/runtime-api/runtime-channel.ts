import type { Duplex } from "node:stream";

import { LAMBDA_LIMITS } from "@pilotlight/core";

import { FRAME, type Frame, frame, FrameReader } from "./frames.cjs";
import { eventFields, type RuntimeEvent } from "./runtime-event.ts";

/** An answer to an event as it came over the channel. */
export interface ChannelAnswer {
  readonly kind: "response" | "error";
  readonly requestId: string;
  /** `undefined` where it is larger than an answer may be. */
  readonly body: Buffer | undefined;
}

/** What a runtime asks for over its channel. */
export interface ChannelListener {
  onNext(isLogMarked: boolean): void;
  onAnswer(answer: ChannelAnswer): void;
}

/**
 * The emulator's end of the channel to its own runtime client: the calls of the Runtime API that a
 * warm invocation consists of, without HTTP. An answer and the call of next that follows it come in
 * one piece.
 *
 * The end of the stream is not told: it comes with the end of the process. What is no frame ends the
 * stream: the runtime then gets no next event, and its process or its time ends.
 */
export class RuntimeChannel {
  readonly #stream: Duplex;

  constructor(stream: Duplex, listener: ChannelListener) {
    this.#stream = stream;
    const reader = new FrameReader((read) => dispatch(read, listener), {
      kinds: [FRAME.next, FRAME.response, FRAME.error],
      bodyBytesMax: LAMBDA_LIMITS.invokeResponseBytesMax,
    });
    stream.on("data", (chunk: Buffer) => {
      if (!reader.push(chunk)) stream.destroy();
    });
    // A runtime that is gone cannot be written to; the end of its process is then the outcome.
    stream.on("error", () => undefined);
  }

  sendEvent(event: RuntimeEvent): void {
    const head = JSON.stringify(eventFields(event));
    this.#stream.write(frame(FRAME.event, { head, body: event.payload }));
  }

  sendRefusal(status: number): void {
    this.#stream.write(frame(FRAME.refusal, { head: String(status) }));
  }
}

function dispatch({ kind, head, body }: Frame, listener: ChannelListener): void {
  if (kind === FRAME.next) listener.onNext(head !== "");
  else if (kind === FRAME.response) listener.onAnswer({ kind: "response", requestId: head, body });
  else if (kind === FRAME.error) listener.onAnswer({ kind: "error", requestId: head, body });
}
