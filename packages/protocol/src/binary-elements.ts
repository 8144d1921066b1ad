import { isUtf8 } from "node:buffer";

import type { Place } from "./place.ts";
import type { Datatype, TensorData } from "./tensor.ts";

import { DATATYPES, elementCount } from "./datatypes.ts";
import { at, refusal, shownShape } from "./place.ts";

/** Bytes before every element of a BYTES tensor: its length, little-endian. */
const LENGTH_BYTES = 4;

/** What the bytes have to hold. */
interface BinarySpec {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/**
 * Reads a tensor's elements from the bytes of the binary tensor data extension (little-endian, row-major).
 *
 * The result is a view of `bytes` where their offset is a multiple of the element's size, else a copy. The host has
 * to be little-endian, as all of Lambda's are.
 *
 * @throws PilotlightError with the place's code when the size does not fit the shape, a BOOL is neither 0 nor 1, or
 *   a BYTES element is no UTF-8.
 */
export function elementsFromBytes(bytes: Uint8Array, spec: BinarySpec, place: Place): TensorData {
  const { bytesPerElement, typedArray } = DATATYPES[spec.datatype];
  if (typedArray === undefined) return strings(bytes, spec, place);
  const expected = elementCount(spec.shape) * bytesPerElement;
  if (bytes.byteLength !== expected) {
    const size = `${spec.datatype} ${shownShape(spec.shape)} takes ${expected}`;
    throw refusal(place, `got ${bytes.byteLength} bytes, ${size}`);
  }
  if (spec.datatype === "BOOL") checkBooleans(bytes, place);
  const aligned = bytes.byteOffset % bytesPerElement === 0 ? bytes : new Uint8Array(bytes);
  const Constructor = typedArray as Uint8ArrayConstructor;
  return new Constructor(aligned.buffer, aligned.byteOffset, expected / bytesPerElement);
}

function checkBooleans(bytes: Uint8Array, place: Place): void {
  const index = bytes.findIndex((byte) => byte > 1);
  if (index < 0) return;
  throw refusal(at(place, `[${index}]`), `got the byte ${bytes[index]}, BOOL takes 0 or 1`);
}

function strings(bytes: Uint8Array, { shape }: BinarySpec, place: Place): readonly string[] {
  const count = elementCount(shape);
  const elements: string[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  while (offset < buffer.length && elements.length < count) {
    const start = offset + LENGTH_BYTES;
    const end = start <= buffer.length ? start + buffer.readUInt32LE(offset) : Infinity;
    if (end > buffer.length) {
      throw refusal(
        at(place, `[${elements.length}]`),
        `the element's length reaches past the tensor's ${buffer.length} bytes; accepted: 4 bytes of little-endian length before each element`,
      );
    }
    elements.push(utf8(buffer.subarray(start, end), at(place, `[${elements.length}]`)));
    offset = end;
  }
  if (elements.length !== count || offset !== buffer.length) {
    const rest = `${elements.length} elements in ${offset} of ${buffer.length} bytes`;
    throw refusal(place, `got ${rest}, BYTES ${shownShape(shape)} takes ${count} elements`);
  }
  return elements;
}

/**
 * Decodes the bytes of one BYTES element.
 *
 * @throws PilotlightError with the place's code when they are not UTF-8.
 */
export function utf8(bytes: Buffer, place: Place): string {
  if (!isUtf8(bytes)) {
    throw refusal(place, "the bytes are not UTF-8");
  }
  return bytes.toString("utf8");
}

/** Bytes of a tensor's elements as the binary extension carries them; a view where the elements are a typed array. */
export function bytesOfElements(data: TensorData): Uint8Array {
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  const lengths = data.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, 0));
  let offset = 0;
  for (const [index, text] of data.entries()) {
    offset = bytes.writeUInt32LE(lengths[index] ?? 0, offset);
    offset += bytes.write(text, offset, "utf8");
  }
  return bytes;
}
