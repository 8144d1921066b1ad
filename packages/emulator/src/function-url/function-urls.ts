import { randomBytes } from "node:crypto";

import type { Timers } from "@pilotlight/core";

import { listen, type ListeningServer } from "../http/listen.ts";
import { AwsError } from "../lambda/aws-error.ts";
import type { StoreObserver } from "../lambda/function-store.ts";
import type { FunctionUrl, UrlSettings } from "./function-url.ts";
import { urlFront, type UrlFrontContext } from "./url-front.ts";

/** Each URL has a port of its own, and a machine has not so many; AWS has no such bound. */
const URLS_MAX = 500;

interface FunctionUrlsOptions extends UrlFrontContext {
  /** Service time. */
  readonly clock: Timers;
}

interface Served {
  readonly url: FunctionUrl;
  readonly server: ListeningServer;
}

/** The function URLs of the account, each served on a port of its own. */
export class FunctionUrls implements Pick<StoreObserver, "onFunctionDeleted" | "onAliasDeleted"> {
  readonly #options: FunctionUrlsOptions;
  readonly #served = new Map<string, Served>();
  readonly #closing = new Set<Promise<void>>();
  #isStopped = false;

  constructor(options: FunctionUrlsOptions) {
    this.#options = options;
  }

  /** The URL of a function, or of one of its aliases. */
  find(functionName: string, qualifier: string): FunctionUrl | undefined {
    return this.#served.get(keyOf({ functionName, qualifier }))?.url;
  }

  /** Of one function, in the order of their making. */
  list(functionName: string): FunctionUrl[] {
    return [...this.#served.values()]
      .map(({ url }) => url)
      .filter((url) => url.functionName === functionName);
  }

  /**
   * Makes a URL and serves it.
   *
   * @returns The URL; `undefined` where the function or alias has one by now.
   * @throws AwsError when the emulator has no room for another one.
   */
  async create(
    place: Pick<FunctionUrl, "functionName" | "functionArn" | "qualifier">,
    settings: UrlSettings,
  ): Promise<FunctionUrl | undefined> {
    if (this.#isStopped || this.#served.size >= URLS_MAX) throw noRoom();
    const epochMs = this.#options.clock.epochMs();
    const front = urlFrontOnceKnown(this.#options);
    const server = await listen(front.onRequest, { port: 0, variable: "PILOTLIGHT_AWS_PORT" });
    // Another request may have made one while the port was opened.
    if (this.find(place.functionName, place.qualifier) !== undefined || this.#isStopped) {
      await server.close();
      return undefined;
    }
    const url: FunctionUrl = {
      ...place,
      id: randomId(),
      url: `${server.url}/`,
      createdEpochMs: epochMs,
      modifiedEpochMs: epochMs,
      settings,
    };
    front.serve(url);
    this.#served.set(keyOf(url), { url, server });
    return url;
  }

  /** Gives a URL other settings; they hold from the next request on. */
  update(url: FunctionUrl, settings: UrlSettings): void {
    url.settings = settings;
    url.modifiedEpochMs = this.#options.clock.epochMs();
  }

  /** Ends a URL; its connections are cut. */
  delete(url: FunctionUrl): void {
    const served = this.#served.get(keyOf(url));
    if (served === undefined) return;
    this.#served.delete(keyOf(url));
    const closing = served.server.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  onFunctionDeleted(functionName: string): void {
    for (const url of this.list(functionName)) this.delete(url);
  }

  onAliasDeleted(functionName: string, alias: string): void {
    const url = this.find(functionName, alias);
    if (url !== undefined) this.delete(url);
  }

  /** Takes no new connection. */
  refuse(): void {
    this.#isStopped = true;
    for (const { server } of this.#served.values()) server.refuse();
  }

  /** Cuts every connection; settles when no port is open any more. */
  async close(): Promise<void> {
    this.#isStopped = true;
    for (const { url } of this.#served.values()) this.delete(url);
    await Promise.all(this.#closing);
  }
}

/** The URL is known only when its port is; until then nobody else knows the port. */
function urlFrontOnceKnown(context: UrlFrontContext) {
  let front: ReturnType<typeof urlFront> | undefined;
  return {
    onRequest: (...[request, response]: Parameters<ReturnType<typeof urlFront>>) => {
      if (front === undefined) request.destroy();
      else front(request, response);
    },
    serve: (url: FunctionUrl) => {
      front = urlFront(url, context);
    },
  };
}

function keyOf({ functionName, qualifier }: Pick<FunctionUrl, "functionName" | "qualifier">) {
  return `${functionName}:${qualifier}`;
}

/** As AWS makes them: thirty-two characters of the lower-case alphabet with digits. */
function randomId(): string {
  return Array.from(randomBytes(32), (byte) => (byte % 36).toString(36)).join("");
}

function noRoom(): AwsError {
  return new AwsError("ServiceException", {
    statusCode: 503,
    body: {
      Type: "Service",
      Message: `The emulator opens no further function URL: it has ${URLS_MAX} of them, or is stopping. Delete one that is not used.`,
    },
  });
}
