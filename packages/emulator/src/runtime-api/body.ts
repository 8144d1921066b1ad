import type { IncomingMessage } from "node:http";

const EMPTY = Buffer.alloc(0);

/** What came of reading a request's body. */
export type Body =
  | { readonly kind: "whole"; readonly bytes: Buffer }
  | { readonly kind: "too_large" }
  | { readonly kind: "aborted" };

/**
 * Reads a body to its end and keeps at most `bytesMax` of it.
 *
 * A body above the limit is read on and dropped: a client that is still writing would not see the
 * refusal. A body that came in one piece is not copied.
 */
export function readBody(
  request: IncomingMessage,
  { bytesMax, onEnd }: { bytesMax: number; onEnd: (body: Body) => void },
): void {
  let chunks: Buffer[] = [];
  let size = 0;
  let isEnded = false;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= bytesMax) chunks.push(chunk);
    else chunks = [];
  });
  request.on("end", () => {
    isEnded = true;
    if (size > bytesMax) onEnd({ kind: "too_large" });
    else onEnd({ kind: "whole", bytes: joined(chunks, size) });
  });
  request.on("close", () => {
    if (!isEnded) onEnd({ kind: "aborted" });
  });
}

function joined(chunks: readonly Buffer[], size: number): Buffer {
  const [first = EMPTY] = chunks;
  return chunks.length > 1 ? Buffer.concat(chunks, size) : first;
}
