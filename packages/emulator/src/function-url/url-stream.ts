import type { ResponseSink } from "../environment/contract.ts";
import type { ResponseHead } from "../http-api/response.ts";
import { ResponsePipe, type StreamHead } from "../lambda/streaming/response-pipe.ts";
import { INTEGRATION_TYPE, PreludeReader } from "./http-prelude.ts";
import { preludeHead } from "./url-response.ts";

/** A streamed response of a function URL: its head first, as the prelude or the content type says, then its body. */
export class UrlStream implements ResponseSink {
  readonly pipe = new ResponsePipe();
  /**
   * Settles with the first byte of the body or with the prelude, `undefined` where status and headers cannot be sent;
   * never, where the function does not get so far: one that fails before can still be answered with 502.
   */
  readonly head: Promise<ResponseHead | undefined>;
  readonly #settleHead: (head: ResponseHead | undefined) => void;
  #contentType: string | undefined;
  #prelude: PreludeReader | undefined;
  #isInvalid = false;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<ResponseHead | undefined>();
    this.head = promise;
    this.#settleHead = resolve;
  }

  start({ contentType }: StreamHead): void {
    if (contentType === INTEGRATION_TYPE) this.#prelude = new PreludeReader();
    else this.#contentType = contentType;
  }

  /** Status and headers of a stream that has ended without a byte; `undefined` where its prelude is missing. */
  get emptyHead(): ResponseHead | undefined {
    if (this.#contentType === undefined) return undefined;
    return { statusCode: 200, headers: { "Content-Type": this.#contentType } };
  }

  write(part: Uint8Array): Promise<void> {
    if (this.#isInvalid) return Promise.resolve();
    if (this.#prelude === undefined) {
      const head = this.emptyHead;
      if (head !== undefined && part.byteLength > 0) this.#settleHead(head);
      return this.pipe.write(part);
    }
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
