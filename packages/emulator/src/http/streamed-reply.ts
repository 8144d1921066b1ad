import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** An HTTP response whose body comes piece by piece. */
export interface StreamedReply {
  readonly statusCode: number;
  /** As they are written; a Content-Length among them. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** The body; without one only the headers are written, as HEAD wants them. */
  readonly stream: Readable | undefined;
}

/** How a client goes away in the middle of its answer. */
const GONE: ReadonlySet<unknown> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/**
 * Writes a reply as its body comes, no faster than the client reads it.
 *
 * A body that fails in the middle cuts the connection, so that the client does not take it for the whole.
 *
 * @throws Whatever the body failed with; not where the client went away.
 */
export async function sendStreamedReply(
  response: ServerResponse,
  { statusCode, headers, stream }: StreamedReply,
): Promise<void> {
  response.writeHead(statusCode, headers);
  if (stream === undefined) {
    response.end();
    return;
  }
  // The caller learns at once that there is an answer, though its first bytes may take long.
  response.flushHeaders();
  try {
    await pipeline(stream, response);
  } catch (error) {
    if (error instanceof Error && "code" in error && GONE.has(error.code)) return;
    throw error;
  }
}
