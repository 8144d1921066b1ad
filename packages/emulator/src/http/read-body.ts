import type { IncomingMessage } from "node:http";

/** What became of a request's body. */
export type BodyReading =
  | { readonly kind: "read"; readonly bytes: Buffer }
  | { readonly kind: "too_large"; readonly bytes: number }
  | { readonly kind: "aborted" };

/**
 * What is still taken from a client whose body was refused, so that it reads the refusal instead of a reset
 * connection; after that the connection is cut.
 */
const DRAINED_BYTES_MAX = 67_108_864;

const EMPTY = Buffer.alloc(0);

/** The length that the request announces, bytes; `undefined` for a chunked body. */
export function announcedBytes(request: IncomingMessage): number | undefined {
  const header = request.headers["content-length"];
  if (header !== undefined) return Number(header);
  return request.headers["transfer-encoding"] === undefined ? 0 : undefined;
}

/**
 * Reads a body whole, into one buffer of the announced size where there is one.
 *
 * @param bytesMax - Above this the body is refused: at once where its length is announced.
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<BodyReading> {
  const announced = announcedBytes(request);
  if (announced === 0) return Promise.resolve({ kind: "read", bytes: EMPTY });
  if (announced !== undefined && announced > bytesMax) {
    return drained(request).then(() => ({ kind: "too_large", bytes: announced }));
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer): void => {
      bytes += chunk.byteLength;
      if (bytes <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      request.off("data", take).off("end", end).off("close", abort);
      const refused = { kind: "too_large", bytes } as const;
      void drained(request).then(() => resolve(refused));
    };
    const end = (): void => resolve({ kind: "read", bytes: joined(chunks, bytes) });
    const abort = (): void => resolve({ kind: "aborted" });
    request.on("data", take).once("end", end).once("close", abort);
  });
}

/** A small body comes in one chunk, which is then used as it is. */
function joined(chunks: readonly Buffer[], bytes: number): Buffer {
  const [first = EMPTY] = chunks;
  return chunks.length <= 1 ? first : Buffer.concat(chunks, bytes);
}

/**
 * Reads on what is left of a refused body, and settles when the refusal may be written.
 *
 * That is at once, unless the connection ends with the answer: a client that is still sending would then meet a closed
 * socket instead of the answer.
 */
function drained(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > DRAINED_BYTES_MAX) request.destroy();
  });
  const isSending = request.headers.expect === undefined;
  if (!isSending || !endsWithAnswer(request)) return Promise.resolve();
  return new Promise((resolve) => {
    request.once("end", resolve);
    request.once("close", resolve);
  });
}

function endsWithAnswer({ headers, httpVersion }: IncomingMessage): boolean {
  const connection = (headers.connection ?? "").toLowerCase();
  return httpVersion === "1.0" ? !connection.includes("keep-alive") : connection.includes("close");
}
