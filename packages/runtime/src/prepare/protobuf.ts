/** One field of a protocol buffer message, over the message's own memory. */
export interface Field {
  readonly number: number;
  readonly wireType: "varint" | "fixed" | "bytes";
  /** Key and value as they stand. */
  readonly raw: Uint8Array;
  /** The value's bytes without its length; empty for a varint. */
  readonly content: Uint8Array;
  /** The value of a varint, else 0. */
  readonly value: bigint;
}

/**
 * Wire types.
 *
 * @see https://protobuf.dev/programming-guides/encoding/, "Message Structure", read 2026-11-24.
 */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A varint holds 64 bits, seven in a byte. */
const VARINT_BYTES_MAX = 10;

/**
 * Splits a message into its fields, one level deep, without copying.
 *
 * @throws RangeError when the bytes are no protocol buffer message.
 */
export function fieldsOf(message: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < message.length;) {
    const field = fieldAt(message, at);
    fields.push(field);
    at += field.raw.length;
  }
  return fields;
}

/** The field that begins at `start`. */
function fieldAt(message: Uint8Array, start: number): Field {
  const key = varintAt(message, start);
  const number = Number(key.value >> 3n);
  if (number < 1) throw new RangeError(`byte ${start} begins no field`);
  switch (Number(key.value & 7n)) {
    case WIRE.varint: {
      const { value, end } = varintAt(message, key.end);
      const content = message.subarray(0, 0);
      return { number, wireType: "varint", raw: message.subarray(start, end), content, value };
    }
    case WIRE.fixed64:
      return sized(message, { number, wireType: "fixed", start, from: key.end, length: 8 });
    case WIRE.fixed32:
      return sized(message, { number, wireType: "fixed", start, from: key.end, length: 4 });
    case WIRE.bytes: {
      const { value, end } = varintAt(message, key.end);
      const length = Number(value);
      return sized(message, { number, wireType: "bytes", start, from: end, length });
    }
    default:
      throw new RangeError(`byte ${start} has a wire type that protocol buffers lack`);
  }
}

function sized(
  message: Uint8Array,
  {
    number,
    wireType,
    start,
    from,
    length,
  }: {
    number: number;
    wireType: Field["wireType"];
    start: number;
    from: number;
    length: number;
  },
): Field {
  const end = from + length;
  if (end > message.length)
    throw new RangeError(`the field at byte ${start} ends after the message`);
  const [raw, content] = [message.subarray(start, end), message.subarray(from, end)];
  return { number, wireType, raw, content, value: 0n };
}

function varintAt(message: Uint8Array, start: number): { value: bigint; end: number } {
  let value = 0n;
  for (let count = 0; count < VARINT_BYTES_MAX; count += 1) {
    const byte = message[start + count];
    if (byte === undefined) throw new RangeError(`the number at byte ${start} has no end`);
    value |= BigInt(byte & 0x7f) << BigInt(7 * count);
    if (byte < 0x80) return { value, end: start + count + 1 };
  }
  throw new RangeError(`the number at byte ${start} is longer than 64 bits`);
}

/** Writes a whole number from 0 as a varint. */
export function encodedVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.from([...bytes, rest]);
}

/** Writes a field of bytes: its key and length before its pieces. */
export function lengthPrefixed(
  number: number,
  pieces: readonly Uint8Array[],
): readonly Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [encodedVarint((number << 3) | WIRE.bytes), encodedVarint(length), ...pieces];
}
