import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A process that stands in for a runtime. */
export interface StandIn {
  /** Address of its Runtime API, host:port. */
  readonly runtimeApi: string;
  /** Ends the process. */
  release(): void;
}

/**
 * Where stand-ins for runtimes report, in the order of their starts; see functions/stand-in.mjs.
 *
 * The Runtime API of an environment has an address that only its process knows: so the process is a
 * real one, and the test makes the calls in its place.
 */
export class StandIns {
  readonly #server: Server;
  readonly #arrived: StandIn[] = [];
  readonly #waiting: ((standIn: StandIn) => void)[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      void text(request).then((runtimeApi) => this.#arrive(runtimeApi, response));
    });
  }

  /** @returns The address for STAND_IN_URL. */
  async listen(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next process that starts, or that has started and was not asked for. */
  next(): Promise<StandIn> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    const { promise, resolve } = Promise.withResolvers<StandIn>();
    this.#waiting.push(resolve);
    return promise;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  #arrive(runtimeApi: string, response: ServerResponse): void {
    const standIn = { runtimeApi, release: () => void response.end() };
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(standIn);
    else waiting(standIn);
  }
}
