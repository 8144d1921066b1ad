/**
 * Datatypes of the Open Inference Protocol.
 *
 * @see https://github.com/kserve/open-inference-protocol, inference_rest.md, "Tensor Data Types".
 */
export type Datatype =
  | "BOOL"
  | "UINT8"
  | "UINT16"
  | "UINT32"
  | "UINT64"
  | "INT8"
  | "INT16"
  | "INT32"
  | "INT64"
  | "FP16"
  | "FP32"
  | "FP64"
  | "BYTES";

/**
 * Elements of a tensor, flat, row-major.
 *
 * BOOL is a Uint8Array of 0 and 1; FP16 a Uint16Array of IEEE 754 half bits (not every runtime has a
 * Float16Array); INT64 and UINT64 are BigInt arrays; BYTES are strings, since ONNX strings are UTF-8.
 */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly string[];

/** A named tensor: `data.length` is the product of `shape`; a scalar has shape `[]` and one element. */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What a model takes or gives under one name; -1 in `shape` is a dimension that may vary. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** Names, datatypes and shapes of a model's inputs and outputs, in the order of the ONNX file. */
export interface ModelSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}
