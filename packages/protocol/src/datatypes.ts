import type { Datatype } from "./tensor.ts";

/** How a datatype's elements look in a JSON body, and which check they get. */
type ElementKind = "boolean" | "integer" | "bigint" | "float" | "string";

/** Constructor of the typed array that holds a datatype's elements. */
type TypedArrayConstructor =
  | Uint8ArrayConstructor
  | Uint16ArrayConstructor
  | Uint32ArrayConstructor
  | BigUint64ArrayConstructor
  | Int8ArrayConstructor
  | Int16ArrayConstructor
  | Int32ArrayConstructor
  | BigInt64ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor;

/** What the codec has to know of a datatype. */
export interface DatatypeTraits {
  readonly kind: ElementKind;
  /** Bytes of one element in a binary body; of BYTES only the length before each element. */
  readonly bytesPerElement: number;
  /** Absent for BYTES, whose elements are strings. */
  readonly typedArray?: TypedArrayConstructor;
  /** Least and greatest element; for 64-bit integers the nearest doubles, the exact ones are in `bigintRange`. */
  readonly min: number;
  readonly max: number;
  readonly bigintRange?: { readonly min: bigint; readonly max: bigint };
  /** Name of the same type in ONNX Runtime's JavaScript API. */
  readonly onnxType: string;
}

const INT64_RANGE = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const UINT64_RANGE = { min: 0n, max: 2n ** 64n - 1n };

function integer(typedArray: TypedArrayConstructor, onnxType: string): DatatypeTraits {
  const bits = typedArray.BYTES_PER_ELEMENT * 8;
  const isSigned = onnxType.startsWith("int");
  const [min, max] = isSigned ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return { kind: "integer", bytesPerElement: bits / 8, typedArray, min, max, onnxType };
}

function bigint(typedArray: TypedArrayConstructor, onnxType: string): DatatypeTraits {
  const bigintRange = onnxType === "int64" ? INT64_RANGE : UINT64_RANGE;
  const [min, max] = [Number(bigintRange.min), Number(bigintRange.max)];
  return { kind: "bigint", bytesPerElement: 8, typedArray, min, max, bigintRange, onnxType };
}

function float(
  typedArray: TypedArrayConstructor,
  { max, onnxType }: { readonly max: number; readonly onnxType: string },
): DatatypeTraits {
  const bytesPerElement = typedArray.BYTES_PER_ELEMENT;
  return { kind: "float", bytesPerElement, typedArray, min: -max, max, onnxType };
}

/**
 * Every datatype of the protocol. FP16 is kept as half bits in a Uint16Array.
 *
 * @see https://github.com/kserve/open-inference-protocol, inference_rest.md, "Tensor Data Types", for names and sizes;
 *   IEEE 754-2019 table 3.5 for the greatest finite values; onnxruntime-common tensor.ts for the names of its types.
 */
export const DATATYPES: Readonly<Record<Datatype, DatatypeTraits>> = {
  BOOL: {
    kind: "boolean",
    bytesPerElement: 1,
    typedArray: Uint8Array,
    min: 0,
    max: 1,
    onnxType: "bool",
  },
  UINT8: integer(Uint8Array, "uint8"),
  UINT16: integer(Uint16Array, "uint16"),
  UINT32: integer(Uint32Array, "uint32"),
  UINT64: bigint(BigUint64Array, "uint64"),
  INT8: integer(Int8Array, "int8"),
  INT16: integer(Int16Array, "int16"),
  INT32: integer(Int32Array, "int32"),
  INT64: bigint(BigInt64Array, "int64"),
  FP16: float(Uint16Array, { max: 65_504, onnxType: "float16" }),
  FP32: float(Float32Array, { max: (2 - 2 ** -23) * 2 ** 127, onnxType: "float32" }),
  FP64: float(Float64Array, { max: Number.MAX_VALUE, onnxType: "float64" }),
  BYTES: { kind: "string", bytesPerElement: 4, min: 0, max: 0, onnxType: "string" },
};

const DATATYPE_OF_ONNX_TYPE: ReadonlyMap<string, Datatype> = new Map(
  Object.entries(DATATYPES).map(([name, traits]) => [traits.onnxType, name as Datatype]),
);

/** Whether `value` is the name of a datatype of the protocol. */
export function isDatatype(value: unknown): value is Datatype {
  return typeof value === "string" && Object.hasOwn(DATATYPES, value);
}

/** The datatype of an ONNX Runtime type name such as `float32`; nothing where the protocol has none (`int4`). */
export function datatypeOf(onnxType: string): Datatype | undefined {
  return DATATYPE_OF_ONNX_TYPE.get(onnxType);
}

/** ONNX Runtime's name for a datatype: `float32` for FP32. */
export function onnxTypeOf(datatype: Datatype): string {
  return DATATYPES[datatype].onnxType;
}

/** Elements of a tensor of this shape: the product of its dimensions, 1 for a scalar's `[]`. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Says for an error message which elements a datatype takes. */
export function acceptedElements(datatype: Datatype): string {
  const { kind, min, max, bigintRange } = DATATYPES[datatype];
  switch (kind) {
    case "boolean":
      return `${datatype} takes true, false, 1 or 0`;
    case "string":
      return `${datatype} takes strings of valid Unicode`;
    case "float":
      return `${datatype} takes numbers from ${min} to ${max}`;
    case "integer":
    case "bigint":
      return `${datatype} takes whole numbers from ${bigintRange?.min ?? min} to ${bigintRange?.max ?? max}`;
  }
}
