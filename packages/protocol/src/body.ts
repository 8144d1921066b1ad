import { formatBytes, PilotlightError } from "@pilotlight/core";
import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";

import { shown } from "./place.ts";
import { REQUEST_LIMITS } from "./request-limits.ts";

/** An HTTP body and its headers, names in lower case. */
export interface HttpMessage {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Media types in which tensors come; the form type is what curl sends where nobody named one. */
const MEDIA_TYPES: readonly string[] = [
  "application/json",
  "application/octet-stream",
  "text/plain",
  "application/x-www-form-urlencoded",
];
const JSON_SUFFIX = /^application\/[^/\s]+\+json$/;

/**
 * Refuses a content type that cannot hold tensors.
 *
 * @throws PilotlightError ERR_ENCODING_UNSUPPORTED.
 */
export function checkContentType(headers: HttpMessage["headers"]): void {
  const header = headers["content-type"] ?? "";
  const mediaType = (header.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (mediaType === "" || MEDIA_TYPES.includes(mediaType) || JSON_SUFFIX.test(mediaType)) return;
  throw new PilotlightError(
    "ERR_ENCODING_UNSUPPORTED",
    `content-type: got ${shown(header)}, an inference request is application/json or application/octet-stream`,
  );
}

/**
 * Undoes the content encoding of a request's body: gzip, or deflate with or without its zlib wrapper.
 *
 * @returns The body itself where it is not encoded.
 * @throws PilotlightError ERR_ENCODING_UNSUPPORTED for any other encoding or more than one, ERR_BODY_MALFORMED for
 *   broken or truncated data, ERR_BODY_TOO_LARGE above {@link REQUEST_LIMITS}.bodyBytesMax.
 */
export function decompressed({ body, headers }: HttpMessage): Uint8Array {
  const encoding = (headers["content-encoding"] ?? "").trim().toLowerCase();
  switch (encoding) {
    case "":
    case "identity":
      if (body.byteLength > REQUEST_LIMITS.bodyBytesMax) throw bodyTooLarge();
      return body;
    case "gzip":
    case "x-gzip":
      return inflated(body, { encoding, inflate: gunzipSync });
    case "deflate":
      return inflated(body, {
        encoding,
        inflate: hasZlibHeader(body) ? inflateSync : inflateRawSync,
      });
    default:
      throw new PilotlightError(
        "ERR_ENCODING_UNSUPPORTED",
        `content-encoding: got ${shown(encoding)}, accepted: one of gzip, deflate, identity`,
      );
  }
}

interface Decompression {
  readonly encoding: string;
  readonly inflate: typeof gunzipSync;
}

function inflated(body: Uint8Array, { encoding, inflate }: Decompression): Uint8Array {
  try {
    return inflate(body, { maxOutputLength: REQUEST_LIMITS.bodyBytesMax });
  } catch (error) {
    if (error instanceof RangeError) throw bodyTooLarge(error);
    const reason = error instanceof Error ? error.message : String(error);
    throw new PilotlightError(
      "ERR_BODY_MALFORMED",
      `the body is not the ${encoding} data that content-encoding announces (${reason}): compress it again, or send it without content-encoding`,
      { cause: error },
    );
  }
}

/** @see RFC 1950 section 2.2: method 8, and the first two bytes a multiple of 31. */
function hasZlibHeader(body: Uint8Array): boolean {
  const [method = 0, flags = 0] = body;
  return (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0;
}

function bodyTooLarge(cause?: unknown): PilotlightError {
  const limit = formatBytes(REQUEST_LIMITS.bodyBytesMax);
  return new PilotlightError(
    "ERR_BODY_TOO_LARGE",
    `the body takes more than ${limit} after decompression; send a smaller batch`,
    { cause },
  );
}
