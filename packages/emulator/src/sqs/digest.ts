import { createHash } from "node:crypto";

import type { MessageAttribute } from "./contract.ts";

const STRING_VALUE = 1;
const BINARY_VALUE = 2;

/** MD5 of a message body, hexadecimal. */
export function md5OfText(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

/**
 * MD5 of message attributes: sorted by name, each one's name, type and value with their lengths.
 *
 * @returns Hexadecimal; `undefined` where there are none.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html, section
 *   on the MD5 of message attributes, read 2026-11-24
 */
export function md5OfAttributes(
  attributes: Readonly<Record<string, MessageAttribute>>,
): string | undefined {
  const names = Object.keys(attributes);
  if (names.length === 0) return undefined;
  const hash = createHash("md5");
  const part = (bytes: Uint8Array): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    hash.update(length).update(bytes);
  };
  for (const name of names.toSorted(byBytes)) {
    const { dataType, stringValue, binaryValue } = attributes[name] ?? { dataType: "String" };
    part(Buffer.from(name));
    part(Buffer.from(dataType));
    hash.update(Buffer.of(binaryValue === undefined ? STRING_VALUE : BINARY_VALUE));
    part(binaryValue ?? Buffer.from(stringValue ?? ""));
  }
  return hash.digest("hex");
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
