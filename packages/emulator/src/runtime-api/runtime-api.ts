import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { invariant } from "@pilotlight/core";

import { LOGS_NOT_SUPPORTED, TELEMETRY_NOT_SUPPORTED } from "./extension-reply.ts";
import { ExtensionRegistry, type FunctionIdentity } from "./extension-registry.ts";
import { METHOD_NOT_ALLOWED, NOT_FOUND, PONG, refuse } from "./reply.ts";
import { type ExtensionRoute, routeOf } from "./route.ts";
import type { RuntimeEvent } from "./runtime-event.ts";
import { type HttpCall, type RuntimeListener, RuntimeSession } from "./runtime-session.ts";
import type { RuntimeState } from "./runtime-state.ts";

/** An error's cause for tracing travels in a header, so headers may be as large as a stack trace. */
const HEADER_BYTES_MAX = 1_048_576;

/** What the Runtime API and the Extensions API tell the environment that they belong to. */
export interface RuntimeApiListener extends RuntimeListener {
  /** An extension has registered, asks for an event or tells an error. */
  onExtensionChange(): void;
}

/**
 * The Runtime API of one environment: version 2018-06-01 on a free port of 127.0.0.1,
 * and the Extensions API beside it.
 *
 * One server per environment, since aws-lambda-ric takes its address as strict host:port and a
 * call carries nothing else that would tell environments apart.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  readonly #server: Server;
  readonly #session: RuntimeSession;
  readonly extensions: ExtensionRegistry;
  /** Connections of extensions, which stay when the runtime has ended. */
  readonly #extensionSockets = new WeakSet<Socket>();
  #connectionCount = 0;
  #onDisconnected: (() => void)[] = [];

  constructor(listener: RuntimeApiListener, identity: FunctionIdentity) {
    this.extensions = new ExtensionRegistry(identity, () => listener.onExtensionChange());
    this.#session = new RuntimeSession({
      onNext: (isLogMarked) => {
        this.extensions.close();
        listener.onNext(isLogMarked);
      },
      onAnswer: (answer) => listener.onAnswer(answer),
      onStream: (head) => listener.onStream(head),
      onInitError: (payload) => listener.onInitError(payload),
    });
    this.#server = createServer(
      { maxHeaderSize: HEADER_BYTES_MAX, noDelay: true, keepAliveTimeout: 0 },
      (request, response) => this.serve(request, response),
    );
    // A call of `next` blocks for as long as there is no event.
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.timeout = 0;
    this.#server.on("connection", (socket) => {
      this.#connectionCount += 1;
      socket.on("close", () => {
        if (!this.#extensionSockets.delete(socket)) this.#uncount();
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

  /** Hands an event to the extensions and to the runtime, which must be waiting for one (state Ready). */
  offer(event: RuntimeEvent): void {
    this.extensions.offer(event);
    this.#session.offer(event);
  }

  /** Forgets the runtime that was connected, so that a new process can start over. */
  reset(): void {
    this.#session.reset();
    this.extensions.reset();
    this.#server.closeAllConnections();
  }

  /** Answers one call by HTTP. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    response.sendDate = false;
    const call = { request, response };
    const route = routeOf(request.method ?? "", request.url ?? "");
    switch (route.kind) {
      case "next":
        return this.#session.next(call);
      case "response":
      case "error":
        this.#count(request.socket, false);
        return this.#session.answer({ ...call, kind: route.kind, requestId: route.requestId });
      case "init_error":
        return this.#session.initError(call);
      case "ping":
        return refuse(request, response, PONG);
      case "not_found":
        return refuse(request, response, NOT_FOUND);
      case "method_not_allowed":
        return refuse(request, response, METHOD_NOT_ALLOWED);
      case "register_extension":
      case "next_extension_event":
      case "extension_init_error":
      case "extension_exit_error":
      case "subscribe_logs":
      case "subscribe_telemetry":
        this.#count(request.socket, true);
        return this.#handleExtension(call, route.kind);
    }
  }

  /**
   * Settles when no HTTP connection of the runtime is left, which is when all that it sent by HTTP has been
   * read.
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

  /** Extensions keep their connections; one that also brings an answer counts again. */
  #count(socket: Socket, isExtension: boolean): void {
    if (isExtension === this.#extensionSockets.has(socket)) return;
    if (isExtension) {
      this.#extensionSockets.add(socket);
      this.#uncount();
    } else {
      this.#extensionSockets.delete(socket);
      this.#connectionCount += 1;
    }
  }

  #uncount(): void {
    this.#connectionCount -= 1;
    if (this.#connectionCount > 0) return;
    const settle = this.#onDisconnected;
    this.#onDisconnected = [];
    for (const resolve of settle) resolve();
  }

  #handleExtension(call: HttpCall, kind: ExtensionRoute): void {
    switch (kind) {
      case "register_extension":
        return this.extensions.register(call);
      case "next_extension_event":
        return this.extensions.next(call);
      case "extension_init_error":
        return this.extensions.tellError(call, "init_error");
      case "extension_exit_error":
        return this.extensions.tellError(call, "exit_error");
      case "subscribe_logs":
        return refuse(call.request, call.response, LOGS_NOT_SUPPORTED);
      case "subscribe_telemetry":
        return refuse(call.request, call.response, TELEMETRY_NOT_SUPPORTED);
    }
  }
}
