import { createHash } from "node:crypto";

import { ChunkedDecoder, incompleteBody } from "./aws-chunked.ts";
import { headerOf, type S3Call } from "./call.ts";
import {
  type Checksum,
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checkChecksum,
  checkChecksumValue,
  checksumAlgorithm,
  checksumHeader,
  runningChecksum,
} from "./checksum.ts";
import type { RunningChecksum } from "./crc.ts";
import { badDigest, invalidRequest, malformedXml, S3Error } from "./s3-error.ts";

/** Largest object in one request: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html, read 2026-11-24. */
export const PUT_BYTES_MAX = 5_368_709_120;

/** An XML body has at most 10,000 parts or 1,000 keys. */
const XML_BYTES_MAX = 4_194_304;

/** How an algorithm's checksum is announced: by its value, or by the name of the trailer that will have it. */
interface Announcement {
  readonly algorithm: ChecksumAlgorithm;
  /** Absent where it comes in a trailer. */
  readonly value: string | undefined;
}

interface BodyOptions {
  /** Computed where the client announces no checksum of its own. */
  readonly algorithm?: ChecksumAlgorithm | undefined;
  /** Whether the length must be announced. */
  readonly needsLength: boolean;
}

/**
 * The body of a request without its framing, measured as it passes and compared with what its sender says of it.
 */
export class IncomingBody {
  readonly #call: S3Call;
  readonly #isChunked: boolean;
  /** Announced length of the content, bytes. */
  readonly #length: number | undefined;
  readonly #announced: Announcement | undefined;
  readonly #decoder = new ChunkedDecoder();
  readonly #md5 = createHash("md5");
  readonly #sha256: string | undefined;
  readonly #running: RunningChecksum | undefined;
  readonly #algorithm: ChecksumAlgorithm | undefined;
  #etag = "";
  #checksum: Checksum | undefined;

  /** @throws S3Error 400 or 411 for headers that cannot be. */
  constructor(call: S3Call, { algorithm, needsLength }: BodyOptions) {
    this.#call = call;
    const contentSha256 = headerOf(call, "x-amz-content-sha256") ?? "";
    this.#isChunked =
      contentSha256.startsWith("STREAMING-") ||
      (headerOf(call, "content-encoding") ?? "").split(",").some(isAwsChunked);
    this.#length = announcedLength(call, this.#isChunked);
    if (needsLength && this.#length === undefined) throw missingLength();
    checkSize(this.#length ?? 0);
    this.#sha256 = /^[0-9a-f]{64}$/.test(contentSha256) ? contentSha256 : undefined;
    this.#announced = announcedChecksum(call);
    this.#algorithm = this.#announced?.algorithm ?? algorithm;
    this.#running = this.#algorithm && runningChecksum(this.#algorithm);
  }

  /** MD5 of the content in hex, after its end. */
  get etag(): string {
    return this.#etag;
  }

  /** After the content's end, where a checksum was announced or asked for. */
  get checksum(): Checksum | undefined {
    return this.#checksum;
  }

  /** The content, once. @throws S3Error 400 at its end when it is not what was announced. */
  async *content(): AsyncGenerator<Uint8Array> {
    const sha256 = this.#sha256 === undefined ? undefined : createHash("sha256");
    let sizeBytes = 0;
    for await (const piece of this.#pieces()) {
      sizeBytes += piece.byteLength;
      if (sizeBytes > (this.#length ?? PUT_BYTES_MAX)) throw wrongLength();
      this.#md5.update(piece);
      sha256?.update(piece);
      this.#running?.update(piece);
      yield piece;
    }
    if (this.#length !== undefined && sizeBytes !== this.#length) throw wrongLength();
    const computed = sha256?.digest("hex");
    if (computed !== this.#sha256) throw wrongSha256(this.#sha256 ?? "", computed ?? "");
    this.#finish();
  }

  /** The whole content as text. @throws S3Error as {@link content}; also when it is larger than any request. */
  async text(): Promise<string> {
    const pieces: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const piece of this.content()) {
      sizeBytes += piece.byteLength;
      if (sizeBytes > XML_BYTES_MAX) throw malformedXml();
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString("utf8");
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#call.body) {
      if (this.#isChunked) yield* this.#decoder.push(piece);
      else yield piece;
    }
    if (this.#isChunked) this.#decoder.end();
  }

  #finish(): void {
    const digest = this.#md5.digest();
    this.#etag = digest.toString("hex");
    checkMd5(headerOf(this.#call, "content-md5"), digest.toString("base64"));
    if (this.#algorithm === undefined || this.#running === undefined) return;
    const value = Buffer.from(this.#running.digest()).toString("base64");
    const expected = this.#expectedChecksum();
    if (expected !== undefined) {
      checkChecksum(this.#algorithm, { expected, computed: value });
    }
    this.#checksum = { algorithm: this.#algorithm, type: "FULL_OBJECT", value };
  }

  #expectedChecksum(): string | undefined {
    if (this.#announced === undefined) return undefined;
    const { algorithm, value } = this.#announced;
    if (value !== undefined) return value;
    const trailer = this.#decoder.trailers.get(checksumHeader(algorithm));
    if (trailer !== undefined) checkChecksumValue(algorithm, trailer);
    return trailer;
  }
}

/** The body of a request that has XML, whatever its framing. */
export function xmlBody(call: S3Call): Promise<string> {
  return new IncomingBody(call, { needsLength: false }).text();
}

/** Whether the request says of its body what S3 demands before it deletes many objects. */
export function hasBodyDigest(call: S3Call): boolean {
  return headerOf(call, "content-md5") !== undefined || announcedChecksum(call) !== undefined;
}

export function isAwsChunked(encoding: string): boolean {
  return encoding.trim().toLowerCase() === "aws-chunked";
}

function announcedLength(call: S3Call, isChunked: boolean): number | undefined {
  const header = headerOf(call, isChunked ? "x-amz-decoded-content-length" : "content-length");
  if (header === undefined) return undefined;
  if (!/^\d{1,15}$/.test(header)) throw missingLength();
  return Number(header);
}

function announcedChecksum(call: S3Call): Announcement | undefined {
  const given = CHECKSUM_ALGORITHMS.flatMap((algorithm) => {
    const value = headerOf(call, checksumHeader(algorithm));
    return value === undefined ? [] : [{ algorithm, value }];
  });
  const [only, second] = given;
  if (second !== undefined) {
    throw invalidRequest(
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  }
  if (only !== undefined) {
    checkChecksumValue(only.algorithm, only.value);
    return only;
  }
  return trailingChecksum(call) ?? refusedWithoutValue(call);
}

function trailingChecksum(call: S3Call): Announcement | undefined {
  const trailer = headerOf(call, "x-amz-trailer")?.trim().toLowerCase();
  if (trailer === undefined) return undefined;
  const algorithm = CHECKSUM_ALGORITHMS.find((known) => checksumHeader(known) === trailer);
  if (algorithm !== undefined) return { algorithm, value: undefined };
  throw invalidRequest("The value specified in the x-amz-trailer header is not supported");
}

function refusedWithoutValue(call: S3Call): undefined {
  const algorithm = headerOf(call, "x-amz-sdk-checksum-algorithm");
  if (algorithm === undefined) return undefined;
  checksumAlgorithm(algorithm);
  throw invalidRequest(
    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
  );
}

function checkMd5(header: string | undefined, computed: string): void {
  if (header === undefined || header === computed) return;
  if (Buffer.from(header, "base64").byteLength !== 16) {
    throw new S3Error("InvalidDigest", {
      statusCode: 400,
      message: "The Content-MD5 you specified was invalid.",
      details: { "Content-MD5": header },
    });
  }
  throw badDigest("The Content-MD5 you specified did not match what we received.", {
    ExpectedDigest: header,
    CalculatedDigest: computed,
  });
}

function checkSize(sizeBytes: number): void {
  if (sizeBytes <= PUT_BYTES_MAX) return;
  throw new S3Error("EntityTooLarge", {
    statusCode: 400,
    message: "Your proposed upload exceeds the maximum allowed size",
    details: { ProposedSize: String(sizeBytes), MaxSizeAllowed: String(PUT_BYTES_MAX) },
  });
}

function missingLength(): S3Error {
  return new S3Error("MissingContentLength", {
    statusCode: 411,
    message: "You must provide the Content-Length HTTP header.",
  });
}

function wrongLength(): S3Error {
  return incompleteBody(
    "You did not provide the number of bytes specified by the Content-Length HTTP header",
  );
}

function wrongSha256(expected: string, computed: string): S3Error {
  return new S3Error("XAmzContentSHA256Mismatch", {
    statusCode: 400,
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
    details: { ClientComputedContentSHA256: expected, S3ComputedContentSHA256: computed },
  });
}
