import type { ServerResponse } from "node:http";

/** A whole HTTP response. */
export interface Reply {
  readonly statusCode: number;
  /** As they are written; a list gives one header line for each value. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Uint8Array | string;
}

/** A reply with a JSON body. */
export function jsonReply(
  statusCode: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    statusCode,
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(value),
  };
}

/** Statuses that have no body, and so no Content-Length either. */
const HAS_NO_BODY: ReadonlySet<number> = new Set([204, 304]);

/**
 * Writes a reply in one piece.
 *
 * @returns The number of body bytes.
 */
export function sendReply(response: ServerResponse, reply: Reply): number {
  const { statusCode, headers, body } = reply;
  const bytes = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  if (HAS_NO_BODY.has(statusCode)) {
    response.writeHead(statusCode, headers).end();
    return 0;
  }
  response.writeHead(statusCode, { ...headers, "Content-Length": String(bytes) });
  response.end(body);
  return bytes;
}
