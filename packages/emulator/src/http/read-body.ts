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

interface ReadingOptions {
  /** A larger body is refused, and none of it is kept. */
  readonly bytesMax: number;
  /**
   * When a refusal is told: `at_once`, which is before the body where its length is announced, or `at_end`,
   * for clients that read no answer while they write.
   */
  readonly refusal: "at_once" | "at_end";
}

/** The length that the request announces, bytes; `undefined` for a chunked body. */
export function announcedBytes(request: IncomingMessage): number | undefined {
  const header = request.headers["content-length"];
  if (header !== undefined) return Number(header);
  return request.headers["transfer-encoding"] === undefined ? 0 : undefined;
}

/** Reads a body whole; one that comes in one piece is not copied. */
export function readBody(
  request: IncomingMessage,
  { bytesMax, refusal }: ReadingOptions,
): Promise<BodyReading> {
  const announced = announcedBytes(request);
  if (announced === 0) return Promise.resolve({ kind: "read", bytes: EMPTY });
  if (announced !== undefined && announced > bytesMax) {
    return drained(request, refusal).then(() => ({ kind: "too_large", bytes: announced }));
  }
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer): void => {
      bytes += chunk.byteLength;
      if (bytes <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      request.off("data", take).off("end", end).off("close", abort);
      const refused = { kind: "too_large", bytes } as const;
      chunks = [];
      void drained(request, refusal).then(() => resolve(refused));
    };
    const end = (): void => resolve({ kind: "read", bytes: joined(chunks, bytes) });
    const abort = (): void => resolve({ kind: "aborted" });
    request.on("data", take).once("end", end).once("close", abort);
  });
}

function joined(chunks: readonly Buffer[], bytes: number): Buffer {
  const [first = EMPTY] = chunks;
  return chunks.length <= 1 ? first : Buffer.concat(chunks, bytes);
}

/**
 * Reads on what is left of a refused body, and settles when the refusal may be written.
 *
 * Where that may be at once, it is not if the connection ends with the answer: a client that is still
 * sending would then meet a closed socket instead of the answer.
 */
export function drained(
  request: IncomingMessage,
  refusal: ReadingOptions["refusal"],
): Promise<void> {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > DRAINED_BYTES_MAX) request.destroy();
  });
  const isSending = request.headers.expect === undefined;
  const isAtOnce = refusal === "at_once" && !(isSending && endsWithAnswer(request));
  if (isAtOnce) return Promise.resolve();
  return new Promise((resolve) => {
    request.once("end", resolve);
    request.once("close", resolve);
  });
}

function endsWithAnswer({ headers, httpVersion }: IncomingMessage): boolean {
  const connection = (headers.connection ?? "").toLowerCase();
  return httpVersion === "1.0" ? !connection.includes("keep-alive") : connection.includes("close");
}
