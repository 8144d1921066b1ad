import { formatBytes, PilotlightError } from "@pilotlight/core";

import type { HttpMessage } from "./body.ts";

import { utf8 } from "./binary-elements.ts";
import { shown } from "./place.ts";
import { REQUEST_LIMITS } from "./request-limits.ts";

/**
 * Header that says how many bytes of JSON stand before the tensors' bytes.
 *
 * @see https://github.com/triton-inference-server/server, docs/protocol/extension_binary_data.md
 */
export const HEADER_LENGTH = "inference-header-content-length";

/** The parts of a body: JSON and the bytes after it, or the bytes of one tensor alone. */
export type Frame =
  | { readonly kind: "raw"; readonly bytes: Uint8Array }
  | {
      readonly kind: "json";
      readonly text: string;
      /** Bytes after the JSON; absent when the whole body is JSON. */
      readonly tail?: Uint8Array;
    };

/**
 * Splits a decompressed body where `Inference-Header-Content-Length` says.
 *
 * @throws PilotlightError ERR_HEADER_INVALID when the header is no length within the body, ERR_BODY_MALFORMED when
 *   the JSON is not UTF-8, ERR_BODY_TOO_LARGE when it is longer than {@link REQUEST_LIMITS}.jsonBytesMax.
 */
export function splitBody({ body, headers }: HttpMessage): Frame {
  const length = headerLength(headers[HEADER_LENGTH], body.byteLength);
  if (length === undefined) return { kind: "json", text: jsonText(body) };
  if (length === 0) return { kind: "raw", bytes: body };
  return { kind: "json", text: jsonText(body.subarray(0, length)), tail: body.subarray(length) };
}

function headerLength(header: string | undefined, bodyBytes: number): number | undefined {
  if (header === undefined) return undefined;
  const length = /^\d{1,15}$/.test(header.trim()) ? Number(header) : undefined;
  if (length !== undefined && length <= bodyBytes) return length;
  throw new PilotlightError(
    "ERR_HEADER_INVALID",
    `Inference-Header-Content-Length: got ${shown(header)}, accepted: the number of bytes of JSON at the start of the body, which has ${bodyBytes} bytes`,
  );
}

function jsonText(bytes: Uint8Array): string {
  if (bytes.byteLength > REQUEST_LIMITS.jsonBytesMax) {
    const limit = formatBytes(REQUEST_LIMITS.jsonBytesMax);
    throw new PilotlightError(
      "ERR_BODY_TOO_LARGE",
      `the body holds more than ${limit} of JSON; send the tensors in binary (binary tensor data extension)`,
    );
  }
  const place = { path: "the body's JSON", code: "ERR_BODY_MALFORMED" } as const;
  const text = utf8(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), place);
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
