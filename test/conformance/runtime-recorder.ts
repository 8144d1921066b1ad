import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

import { invariant } from "@pilotlight/core";

/** Where a function can wait until its first write has gone out. */
export const FIRST_RESPONSE_PATH = "/first-response";

/** One call that the runtime made, as it came over the wire. */
export interface RecordedCall {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, unknown>>;
}

/** Stands between a runtime and its Runtime API: passes every call on and writes it down. */
export class RuntimeRecorder {
  readonly calls: RecordedCall[] = [];
  readonly #server = createServer((call, answer) => void this.#take(call, answer));
  readonly #firstResponse = Promise.withResolvers<void>();
  #runtimeApi: string | undefined;

  /**
   * @returns The address for AWS_LAMBDA_RUNTIME_API, host:port. A GET of {@link FIRST_RESPONSE_PATH} there is
   *   answered as soon as the headers of a response have come.
   */
  async listen(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // A call of next blocks until there is an event.
    this.#server.requestTimeout = 0;
    this.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Tells where calls go. */
  passTo(runtimeApi: string): void {
    this.#runtimeApi = runtimeApi;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #take(call: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (call.url === FIRST_RESPONSE_PATH) {
      await this.#firstResponse.promise;
      answer.end();
      return;
    }
    if (call.url?.endsWith("/response")) this.#firstResponse.resolve();
    try {
      await this.#pass(call, answer);
    } catch {
      // The runtime has ended in the middle of its call, which then is not one.
      answer.destroy();
    }
  }

  async #pass(call: IncomingMessage, answer: ServerResponse): Promise<void> {
    invariant(this.#runtimeApi !== undefined, "the runtime starts after its address is known");
    const { method = "", url: path = "", headers } = call;
    const onward = request(`http://${this.#runtimeApi}${path}`, { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    const body = await buffer(call);
    this.calls.push({ method, path, headers, body, trailers: call.trailers });
    if (body.length > 0) onward.write(body);
    if (headers.trailer !== undefined) onward.addTrailers(Object.entries(textTrailers(call)));
    onward.end();
  }
}

function textTrailers({ trailers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(trailers).map(([name, value]) => [name, value ?? ""]));
}
