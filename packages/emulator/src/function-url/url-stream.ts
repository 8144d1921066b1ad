import type { ResponseSink } from "../environment/contract.ts";
import type { ResponseHead } from "../http-api/response.ts";
import { ResponsePipe, type StreamHead } from "../lambda/streaming/response-pipe.ts";
import { INTEGRATION_TYPE, PreludeReader } from "./http-prelude.ts";
import { preludeHead } from "./url-response.ts";

/** A streamed response of a function URL: its head first, as the prelude or the content type says, then its body. */
export class UrlStream implements ResponseSink {
  readonly pipe = new ResponsePipe();
  /**
   * Settles when status and headers are known, `undefined` where they cannot be sent; never, where the function does
   * not get so far.
   */
  readonly head: Promise<ResponseHead | undefined>;
  readonly #settleHead: (head: ResponseHead | undefined) => void;
  #prelude: PreludeReader | undefined;
  #isInvalid = false;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<ResponseHead | undefined>();
    this.head = promise;
    this.#settleHead = resolve;
  }

  start({ contentType }: StreamHead): void {
    if (contentType === INTEGRATION_TYPE) this.#prelude = new PreludeReader();
    else this.#settleHead({ statusCode: 200, headers: { "Content-Type": contentType } });
  }

  write(part: Uint8Array): Promise<void> {
    if (this.#isInvalid) return Promise.resolve();
    if (this.#prelude === undefined) return this.pipe.write(part);
    const reading = this.#prelude.read(part);
    if (reading.kind === "incomplete") return Promise.resolve();
    this.#prelude = undefined;
    const head = reading.kind === "read" ? preludeHead(reading.members) : undefined;
    this.#isInvalid = head === undefined;
    this.#settleHead(head);
    return reading.kind === "read" && !this.#isInvalid
      ? this.pipe.write(reading.rest)
      : Promise.resolve();
  }
}
