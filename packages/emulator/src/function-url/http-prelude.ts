/** Content type of a stream that begins with the status and the headers of an HTTP response. */
export const INTEGRATION_TYPE = "application/vnd.awslambda.http-integration-response";

/** What ends a prelude, as AWS's runtime writes it: eight zero bytes. */
const END = Buffer.alloc(8);

/**
 * Longest prelude, bytes.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html: the end must be
 *   within the first 16 KB; read 2026-11-24.
 */
const PRELUDE_BYTES_MAX = 16_384;

/** How far a prelude has come. */
export type PreludeReading =
  | { readonly kind: "incomplete" }
  | { readonly kind: "invalid" }
  | {
      readonly kind: "read";
      readonly members: Readonly<Record<string, unknown>>;
      /** What comes after it: the beginning of the body. */
      readonly rest: Buffer;
    };

/** Reads the JSON that stands before the body of an HTTP response in a stream, however it is cut into parts. */
export class PreludeReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** Takes the next part of the stream; not to be called again after a prelude was read, or was invalid. */
  read(part: Uint8Array): PreludeReading {
    this.#bytes = Buffer.concat([this.#bytes, part]);
    const end = this.#bytes.indexOf(END);
    if (end < 0) {
      const isOver = this.#bytes.byteLength >= PRELUDE_BYTES_MAX + END.byteLength;
      return { kind: isOver ? "invalid" : "incomplete" };
    }
    const members = objectIn(this.#bytes.subarray(0, end));
    if (members === undefined || end > PRELUDE_BYTES_MAX) return { kind: "invalid" };
    return { kind: "read", members, rest: this.#bytes.subarray(end + END.byteLength) };
  }
}

function objectIn(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    // What is no JSON is no prelude.
    return undefined;
  }
}
