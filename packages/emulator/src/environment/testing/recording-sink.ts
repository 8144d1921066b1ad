import { EventEmitter, once } from "node:events";

import type { ResponseSink } from "../contract.ts";

/** Keeps what a function streams; it takes parts as long as `takes` says so. */
export class RecordingSink implements ResponseSink {
  readonly parts: Buffer[] = [];
  contentType: string | undefined;
  readonly #takes: () => Promise<void>;
  readonly #events = new EventEmitter();

  constructor(takes: () => Promise<void> = () => Promise.resolve()) {
    this.#takes = takes;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  get text(): string {
    return this.bytes.toString("utf8");
  }

  start({ contentType }: { readonly contentType: string }): void {
    this.contentType = contentType;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.parts.push(Buffer.from(bytes));
    this.#events.emit("part");
    return this.#takes();
  }

  /** Waits until this text has come. */
  async has(text: string): Promise<void> {
    while (!this.text.includes(text)) await once(this.#events, "part");
  }
}
