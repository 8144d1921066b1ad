import { isAscii, isUtf8 } from "node:buffer";

import { LAMBDA_LIMITS } from "@pilotlight/core";

import { AwsError, invalidRequestContent, requestTooLarge } from "./aws-error.ts";
import { jsonFault } from "./json-fault.ts";

const EMPTY_OBJECT = Buffer.from("{}");
const NOT_JSON = "Could not parse request body into json: Could not parse payload into json: ";

/** Refuses a payload over the limit of its invocation type, with AWS's text. */
export function checkPayloadSize(bytes: number, { isEvent }: { isEvent: boolean }): void {
  const { invokeEventBytesMax, invokeRequestBytesMax } = LAMBDA_LIMITS;
  if (isEvent && bytes > invokeEventBytesMax) {
    throw new AwsError("RequestEntityTooLargeException", {
      statusCode: 413,
      body: {
        Type: "User",
        message: `${bytes} byte payload is too large for the Event invocation type (limit ${invokeEventBytesMax} bytes)`,
      },
    });
  }
  if (bytes > invokeRequestBytesMax) {
    throw requestTooLarge({ bytesMax: invokeRequestBytesMax, operation: "InvokeFunction" });
  }
}

/**
 * The payload as the function gets it: the caller's own bytes, `{}` where there are none.
 *
 * Lambda refuses what is not JSON in UTF-8. The bytes are parsed for that check only; text without a
 * character above 127 is decoded byte by byte, which is several times faster for megabytes.
 *
 * @throws AwsError 400 in AWS's words; where its parser would find nothing wrong, in those of this one.
 */
export function checkedPayload(body: Uint8Array): Uint8Array {
  if (body.byteLength === 0) return EMPTY_OBJECT;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const isPlain = isAscii(bytes);
  if (!isPlain && !isUtf8(bytes)) {
    throw invalidRequestContent(NOT_JSON + (jsonFault(bytes) ?? "Invalid UTF-8"));
  }
  try {
    JSON.parse(isPlain ? bytes.toString("latin1") : bytes.toString("utf8"));
  } catch (error) {
    const own = error instanceof Error ? error.message : String(error);
    throw invalidRequestContent(NOT_JSON + (jsonFault(bytes) ?? own));
  }
  return body;
}
