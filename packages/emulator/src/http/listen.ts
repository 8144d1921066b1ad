import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { PilotlightError } from "@pilotlight/core";

import { refuseExpectation, refuseUnreadable } from "./unreadable-request.ts";

/** The emulator is reached from this machine only. */
const HOST = "127.0.0.1";

/**
 * How long a connection may be idle, real time. Node's own 5 s close connections that a client is just about
 * to use again; clients keep theirs for less than this.
 */
const KEEP_ALIVE_MS = 120_000;

/** A server that listens. */
export interface ListeningServer {
  readonly url: string;
  /** Takes no new connection and cuts the idle ones. */
  refuse(): void;
  /** Cuts every connection; settles when the server is closed. */
  close(): Promise<void>;
}

/**
 * Starts an HTTP server on the loopback interface.
 *
 * The listener gets requests with `Expect: 100-continue` too, before the client has sent the body: it calls
 * `writeContinue` when it wants the body.
 *
 * @param port - 0 takes a free one.
 * @param variable - Environment variable that sets the port, named in the error.
 * @throws PilotlightError ERR_PORT_TAKEN.
 */
export async function listen(
  onRequest: RequestListener,
  { port, variable }: { port: number; variable: string },
): Promise<ListeningServer> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, onRequest);
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", refuseExpectation);
  server.on("clientError", refuseUnreadable);
  await bind(server, { port, variable });
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${boundPort}`,
    refuse: () => {
      server.close();
      server.closeIdleConnections();
    },
    close: () =>
      new Promise((resolve) => {
        // An error here says that the server is closed already, which is what is wanted.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function bind(
  server: Server,
  { port, variable }: { port: number; variable: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      reject(error.code === "EADDRINUSE" ? portTaken({ port, variable, cause: error }) : error);
    };
    server.once("error", onError);
    server.listen(port, HOST, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function portTaken({
  port,
  variable,
  cause,
}: {
  port: number;
  variable: string;
  cause: Error;
}): PilotlightError {
  return new PilotlightError(
    "ERR_PORT_TAKEN",
    `port ${port} on ${HOST} is in use by another process; end that process or set ${variable} to another port (0 takes a free one)`,
    { cause },
  );
}
