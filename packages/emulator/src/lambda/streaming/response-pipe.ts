import { Readable } from "node:stream";

import type { ResponseSink } from "../../environment/contract.ts";

/**
 * Largest streamed response, bytes: 200 MB.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, read 2026-11-24.
 */
export const STREAMED_RESPONSE_BYTES_MAX = 209_715_200;

/** What a function says before its first byte. */
export interface StreamHead {
  readonly contentType: string;
}

interface PipeOptions {
  /** What is written for each part of the response; by default the part itself. */
  readonly encode?: (part: Uint8Array) => Uint8Array;
  /** @default STREAMED_RESPONSE_BYTES_MAX */
  readonly bytesMax?: number;
}

/**
 * A streamed response on its way from a function to its caller.
 *
 * The function is held back while the caller reads slowly. A caller that goes away does not: the function runs to its
 * end, as it does on AWS, and what it still writes is thrown away.
 */
export class ResponsePipe implements ResponseSink {
  /** The caller's end. */
  readonly body: Readable;
  /** Settles when the function begins to stream; never, where it does not. */
  readonly started: Promise<StreamHead>;
  readonly #encode: (part: Uint8Array) => Uint8Array;
  readonly #bytesMax: number;
  readonly #start: (head: StreamHead) => void;
  #waiting: (() => void)[] = [];
  #bytes = 0;

  constructor({ encode = unchanged, bytesMax = STREAMED_RESPONSE_BYTES_MAX }: PipeOptions = {}) {
    this.#encode = encode;
    this.#bytesMax = bytesMax;
    const { promise, resolve } = Promise.withResolvers<StreamHead>();
    this.started = promise;
    this.#start = resolve;
    this.body = new Readable({
      read: () => this.#release(),
      destroy: (error, done) => {
        this.#release();
        done(error);
      },
    });
  }

  /** Whether the function has written more than may be passed on; the rest was thrown away. */
  get isTooLarge(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  start(head: StreamHead): void {
    this.#start(head);
  }

  write(part: Uint8Array): Promise<void> {
    this.#bytes += part.byteLength;
    if (part.byteLength === 0 || this.isTooLarge || this.body.destroyed) return Promise.resolve();
    if (this.body.push(this.#encode(part))) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  /** Ends the caller's body. @param last - Written before the end, as it is. */
  end(last?: Uint8Array): void {
    if (this.body.destroyed) return;
    if (last !== undefined) this.body.push(last);
    this.body.push(null);
  }

  /** Breaks the caller's body off, so that it is not taken for the whole. */
  cut(): void {
    this.body.destroy();
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}

function unchanged(part: Uint8Array): Uint8Array {
  return part;
}
