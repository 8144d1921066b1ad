import { STATUS_CODES } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { jsonReply, sendReply } from "./reply.ts";

/** Codes of Node's parser and server for what is no HTTP request that they take. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers bytes that are no HTTP request, where there still is somebody to answer; Node alone sends no body. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const statusCode = STATUS_OF_CODE[error.code ?? ""] ?? 400;
  const body = errorBody(statusCode, `the request cannot be read as HTTP: ${error.message}`);
  const head = [
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Answers an `Expect` that is not `100-continue`. */
export function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const fault = `expect: got ${JSON.stringify(request.headers.expect)}; accepted: 100-continue`;
  const reply = jsonReply(417, {}, { Connection: "close" });
  sendReply(response, { ...reply, body: errorBody(417, fault) });
}

/** `message` is the gateway's own member, `error` says what to do about it. */
function errorBody(statusCode: number, error: string): string {
  return JSON.stringify({ message: STATUS_CODES[statusCode], error });
}
