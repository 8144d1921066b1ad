import { encodedVarint, lengthPrefixed } from "../protobuf.ts";

/** onnx.proto, TensorProto.DataType. */
const ELEMENT_TYPES = { FP32: 1, INT64: 7 } as const;

const OPSET_VERSION = 17;

/** A node of a graph: an operator without attributes. */
interface NodeSpec {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A value of the model's own. */
interface InitializerSpec {
  readonly name: string;
  readonly type: keyof typeof ELEMENT_TYPES;
  readonly shape: readonly number[];
  /** Little-endian elements, or the name of the file that holds them. */
  readonly content: Uint8Array | string;
  /** Whether it is listed among the inputs too, as in old files. */
  readonly isInput?: boolean;
}

/** A graph from FP32 `x` to FP32 `y`, both of shape `[batch, 2]`. */
interface GraphSpec {
  readonly irVersion?: number;
  readonly nodes: readonly NodeSpec[];
  readonly initializers?: readonly InitializerSpec[];
}

/**
 * The bytes of an ONNX model.
 *
 * @see https://github.com/onnx/onnx, onnx/onnx.proto, for the field numbers.
 */
function nodeModel({ irVersion = 8, nodes, initializers = [] }: GraphSpec): Uint8Array {
  const listed = initializers.filter(({ isInput }) => isInput);
  const graph = message(
    ...nodes.map(({ operator, inputs, outputs }) =>
      bytes(
        1,
        message(
          ...inputs.map((name) => text(1, name)),
          ...outputs.map((name) => text(2, name)),
          text(4, operator),
        ),
      ),
    ),
    text(2, "graph"),
    ...initializers.map((each) => bytes(5, tensor(each))),
    bytes(11, valueInfo("x", { type: "FP32", shape: ["batch", 2] })),
    ...listed.map((each) => bytes(11, valueInfo(each.name, each))),
    bytes(12, valueInfo("y", { type: "FP32", shape: ["batch", 2] })),
  );
  const opset = message(text(1, ""), varint(2, OPSET_VERSION));
  return message(varint(1, irVersion), bytes(7, graph), bytes(8, opset));
}

/** y = x + w, where w is [1, 2]. */
export function additionModel(weight: Partial<InitializerSpec> = {}, irVersion = 8): Uint8Array {
  const content = new Uint8Array(Float32Array.of(1, 2).buffer);
  const initializer: InitializerSpec = { name: "w", type: "FP32", shape: [2], content, ...weight };
  const nodes = [{ operator: "Add", inputs: ["x", "w"], outputs: ["y"] }];
  return nodeModel({ irVersion, nodes, initializers: [initializer] });
}

/** y = x + zeros of a shape that is an initializer and, as old files have it, an input: folding leaves the input behind. */
export function computedWeightModel(): Uint8Array {
  const content = new Uint8Array(BigInt64Array.of(2n).buffer);
  return nodeModel({
    irVersion: 3,
    nodes: [
      { operator: "ConstantOfShape", inputs: ["shape"], outputs: ["zeros"] },
      { operator: "Add", inputs: ["x", "zeros"], outputs: ["y"] },
    ],
    initializers: [{ name: "shape", type: "INT64", shape: [1], content, isInput: true }],
  });
}

/** y = numbers drawn anew in each run. */
export function randomModel(): Uint8Array {
  return nodeModel({
    nodes: [{ operator: "RandomNormalLike", inputs: ["x"], outputs: ["y"] }],
  });
}

function tensor({ name, type, shape, content }: InitializerSpec): Uint8Array {
  const own = [...shape.map((size) => varint(1, size)), varint(2, ELEMENT_TYPES[type])];
  if (typeof content !== "string") return message(...own, text(8, name), bytes(9, content));
  const location = message(text(1, "location"), text(2, content));
  return message(...own, text(8, name), bytes(13, location), varint(14, 1));
}

function valueInfo(
  name: string,
  { type, shape }: { type: keyof typeof ELEMENT_TYPES; shape: readonly (number | string)[] },
): Uint8Array {
  const dimensions = shape.map((size) =>
    bytes(1, message(typeof size === "number" ? varint(1, size) : text(2, size))),
  );
  const form = message(varint(1, ELEMENT_TYPES[type]), bytes(2, message(...dimensions)));
  return message(text(1, name), bytes(2, message(bytes(1, form))));
}

function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

function bytes(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat(lengthPrefixed(number, [content]));
}

function text(number: number, content: string): Uint8Array {
  return bytes(number, Buffer.from(content));
}

function varint(number: number, value: number): Uint8Array {
  return Buffer.concat([encodedVarint(number << 3), encodedVarint(value)]);
}
