import type { Datatype } from "@pilotlight/protocol";

/** Element types of ONNX tensors. @see https://github.com/onnx/onnx, onnx.proto, TensorProto.DataType. */
const ELEMENT_TYPES: Readonly<Record<Datatype, number>> = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
};

const IR_VERSION = 8;
const OPSET_VERSION = 17;

/** onnx.proto, AttributeProto.AttributeType.INT. */
const ATTRIBUTE_INT = 2;

type Field = Uint8Array;

/**
 * The bytes of an ONNX model whose output `y` is its input `x`.
 *
 * @param shape - A text is a dimension that may vary.
 * @see https://github.com/onnx/onnx, onnx.proto, for the field numbers.
 */
export function identityModel(datatype: Datatype, shape: readonly (number | string)[]): Uint8Array {
  const node = message([text(1, "x"), text(2, "y"), text(4, "Identity")]);
  return oneNodeModel(node, { from: datatype, to: datatype, shape });
}

/**
 * The bytes of an ONNX model that reads each text of `x` as a whole number `y`; it fails on an empty text.
 *
 * @param shape - A text is a dimension that may vary.
 */
export function textToNumberModel(shape: readonly (number | string)[]): Uint8Array {
  const to = message([
    text(1, "to"),
    varintField(3, ELEMENT_TYPES.INT32),
    varintField(20, ATTRIBUTE_INT),
  ]);
  const node = message([text(1, "x"), text(2, "y"), text(4, "Cast"), bytes(5, to)]);
  return oneNodeModel(node, { from: "BYTES", to: "INT32", shape });
}

function oneNodeModel(
  node: Uint8Array,
  { from, to, shape }: { from: Datatype; to: Datatype; shape: readonly (number | string)[] },
): Uint8Array {
  const graph = message([
    bytes(1, node),
    text(2, "one-node"),
    bytes(11, valueInfo("x", { datatype: from, shape })),
    bytes(12, valueInfo("y", { datatype: to, shape })),
  ]);
  const opset = message([text(1, ""), varintField(2, OPSET_VERSION)]);
  return message([varintField(1, IR_VERSION), bytes(7, graph), bytes(8, opset)]);
}

function valueInfo(
  name: string,
  { datatype, shape }: { datatype: Datatype; shape: readonly (number | string)[] },
): Uint8Array {
  const dimensions = shape.map((size) =>
    bytes(1, message([typeof size === "number" ? varintField(1, size) : text(2, size)])),
  );
  const tensor = message([varintField(1, ELEMENT_TYPES[datatype]), bytes(2, message(dimensions))]);
  return message([text(1, name), bytes(2, message([bytes(1, tensor)]))]);
}

function message(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields);
}

const WIRE_VARINT = 0;
const WIRE_BYTES = 2;

function varintField(number: number, value: number): Field {
  return Buffer.concat([varint((number << 3) | WIRE_VARINT), varint(value)]);
}

function bytes(number: number, value: Uint8Array): Field {
  return Buffer.concat([varint((number << 3) | WIRE_BYTES), varint(value.length), value]);
}

function text(number: number, value: string): Field {
  return bytes(number, Buffer.from(value));
}

function varint(value: number): Uint8Array {
  const encoded: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    encoded.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Uint8Array.from([...encoded, rest]);
}
