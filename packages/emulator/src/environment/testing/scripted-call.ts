import type { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough } from "node:stream";

/** What a call was answered with. */
export interface CallReply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

interface CallOptions {
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onReply?: (reply: CallReply) => void;
}

/** A call of the Runtime API by HTTP, without a connection: its body ends, or breaks off, when it is told to. */
export class ScriptedCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #body = new PassThrough();
  readonly #answer = new PassThrough();

  constructor({ line, headers = {}, onReply }: CallOptions) {
    const [method, url] = line.split(" ");
    const request = Object.assign(this.#body, {
      method,
      url,
      headers: { "transfer-encoding": "chunked", ...headers },
      socket: {},
      trailers: {},
    });
    this.request = request as unknown as IncomingMessage;
    const head = { status: 0, headers: new Map<string, string>() };
    const response = Object.assign(this.#answer, {
      writeHead: (status: number, list: readonly string[]) => {
        head.status = status;
        for (let at = 0; at < list.length; at += 2) {
          head.headers.set((list[at] ?? "").toLowerCase(), list[at + 1] ?? "");
        }
      },
      end: (body: string | Uint8Array = "") => {
        onReply?.({ ...head, body: Buffer.from(body as string).toString("utf8") });
      },
    });
    this.response = response as unknown as ServerResponse;
  }

  /** The body is whole. */
  end(body = ""): this {
    this.#body.end(body);
    return this;
  }

  /** The connection ends. */
  cut(): void {
    this.#body.destroy();
    this.#answer.destroy();
  }
}
