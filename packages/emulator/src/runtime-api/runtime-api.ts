import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { invariant } from "@pilotlight/core";

import { METHOD_NOT_ALLOWED, NOT_FOUND, PONG, refuse } from "./reply.ts";
import { routeOf } from "./route.ts";
import type { RuntimeEvent } from "./runtime-event.ts";
import { type RuntimeListener, RuntimeSession } from "./runtime-session.ts";
import type { RuntimeState } from "./runtime-state.ts";

/** An error's cause for tracing travels in a header, so headers may be as large as a stack trace. */
const HEADER_BYTES_MAX = 1_048_576;

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
  readonly #session: RuntimeSession;
  #connectionCount = 0;
  #onDisconnected: (() => void)[] = [];

  constructor(listener: RuntimeListener) {
    this.#session = new RuntimeSession(listener);
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
    return this.#session.state;
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
    this.#session.connect(stream);
  }

  /** Hands an event to the runtime, which must be waiting for one (state Ready). */
  offer(event: RuntimeEvent): void {
    this.#session.offer(event);
  }

  /** Forgets the runtime that was connected, so that a new process can start over. */
  reset(): void {
    this.#session.reset();
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

  #handle(request: IncomingMessage, response: ServerResponse): void {
    response.sendDate = false;
    const route = routeOf(request.method ?? "", request.url ?? "");
    switch (route.kind) {
      case "next":
        return this.#session.next({ request, response });
      case "response":
      case "error":
        return this.#session.answer({
          request,
          response,
          kind: route.kind,
          requestId: route.requestId,
        });
      case "init_error":
        return this.#session.initError({ request, response });
      case "ping":
        return refuse(request, response, PONG);
      case "not_found":
        return refuse(request, response, NOT_FOUND);
      case "method_not_allowed":
        return refuse(request, response, METHOD_NOT_ALLOWED);
    }
  }
}
