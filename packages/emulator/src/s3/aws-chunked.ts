import { S3Error } from "./s3-error.ts";

/** A chunk's first line is its size in hex and, where chunks are signed, a signature. */
const LINE_BYTES_MAX = 1024;

/** More trailers than any client sends. */
const TRAILERS_MAX = 16;

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;

/** What the decoder expects next. */
type ChunkPhase = "size" | "data" | "data_end" | "trailer" | "done";

/** What a body is when its framing cannot be read, or ends too early. */
export function incompleteBody(message = "The request body terminated unexpectedly"): S3Error {
  return new S3Error("IncompleteBody", { statusCode: 400, message });
}

/**
 * Takes the framing off a body of the content encoding `aws-chunked`, with signed chunks or without.
 *
 * Signatures are not verified. Trailers come after the last chunk.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
 *   https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html, read 2026-11-24.
 */
export class ChunkedDecoder {
  /** What came behind the last chunk, names in lower case. */
  readonly trailers = new Map<string, string>();
  #phase: ChunkPhase = "size";
  /** Bytes that the current chunk still has. */
  #missing = 0;
  #line: number[] = [];

  /**
   * Takes the next piece of the body, however it was cut.
   *
   * @returns The data in it; pieces of `piece`, not copies.
   * @throws S3Error 400 when the framing is broken.
   */
  push(piece: Uint8Array): Uint8Array[] {
    const data: Uint8Array[] = [];
    let offset = 0;
    while (offset < piece.byteLength) {
      if (this.#phase === "data") {
        const end = Math.min(piece.byteLength, offset + this.#missing);
        data.push(piece.subarray(offset, end));
        this.#missing -= end - offset;
        offset = end;
        if (this.#missing === 0) this.#phase = "data_end";
      } else {
        this.#takeByte(piece[offset] ?? 0);
        offset += 1;
      }
    }
    return data;
  }

  /** Says that the body has ended. @throws S3Error IncompleteBody when a chunk is missing. */
  end(): void {
    // Some clients leave out the empty line that ends the trailers.
    if (this.#phase === "trailer" && this.#line.length > 0) this.#takeLine(this.#takenLine());
    if (this.#phase !== "trailer" && this.#phase !== "done") throw incompleteBody();
  }

  #takeByte(byte: number): void {
    if (this.#phase === "done") return;
    if (byte !== LINE_FEED) {
      this.#line.push(byte);
      if (this.#line.length > LINE_BYTES_MAX) throw brokenFraming("a line that does not end");
      return;
    }
    this.#takeLine(this.#takenLine());
  }

  #takenLine(): string {
    if (this.#line.at(-1) === CARRIAGE_RETURN) this.#line.pop();
    const line = Buffer.from(this.#line).toString("latin1");
    this.#line = [];
    return line;
  }

  #takeLine(line: string): void {
    if (this.#phase === "data_end") {
      if (line !== "") throw brokenFraming("data behind the end of a chunk");
      this.#phase = "size";
    } else if (this.#phase === "size") {
      this.#startChunk(line);
    } else {
      this.#takeTrailer(line);
    }
  }

  #startChunk(line: string): void {
    const [size = ""] = line.split(";");
    if (!/^[0-9a-f]{1,12}$/i.test(size)) throw brokenFraming(`the chunk size "${size}"`);
    this.#missing = Number.parseInt(size, 16);
    this.#phase = this.#missing === 0 ? "trailer" : "data";
  }

  #takeTrailer(line: string): void {
    if (line === "") {
      this.#phase = "done";
      return;
    }
    const colon = line.indexOf(":");
    if (colon <= 0 || this.trailers.size >= TRAILERS_MAX) {
      throw new S3Error("MalformedTrailerError", {
        statusCode: 400,
        message:
          "The request contained trailing data that was not well-formed or did not conform to our published schema.",
      });
    }
    this.trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

function brokenFraming(what: string): S3Error {
  return incompleteBody(`The aws-chunked request body has ${what}`);
}
