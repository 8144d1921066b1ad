import type * as ort from "onnxruntime-node";

import { invariant } from "@pilotlight/core";
import { datatypeOf, onnxTypeOf } from "@pilotlight/protocol";
import type { Tensor, TensorData } from "@pilotlight/protocol";

import { onnxruntime } from "./onnxruntime.ts";

/** The package's types do not say that a constructor takes any of its datatypes with matching data. */
type AnyTensorConstructor = new (
  type: string,
  data: TensorData,
  dims: readonly number[],
) => ort.Tensor;

/** Makes an ONNX Runtime tensor over the same memory. */
export function toOnnxTensor(tensor: Tensor): ort.Tensor {
  const Constructor = onnxruntime.Tensor as unknown as AnyTensorConstructor;
  const made = new Constructor(onnxTypeOf(tensor.datatype), tensor.data, tensor.shape);
  // onnxruntime-common turns half bits into a Float16Array where the runtime has one (Node 24), and the
  // native binding of 1.30 reads nothing from it: shadowing `data` gives it the bits back.
  if (tensor.datatype === "FP16") Object.defineProperty(made, "data", { value: tensor.data });
  return made;
}

/** Reads an ONNX Runtime tensor over the same memory; the signature names only outputs that are tensors. */
export function fromOnnxTensor(name: string, value: ort.OnnxValue | undefined): Tensor {
  invariant(value !== undefined, `ONNX Runtime gave no output "${name}"`);
  const datatype = datatypeOf(value.type);
  invariant(datatype !== undefined && "data" in value, `the output "${name}" is no tensor`);
  const data = value.data as TensorData | Float16Array;
  const bits = data instanceof Float16Array ? halfBits(data) : data;
  return { name, datatype, shape: value.dims.map(Number), data: bits };
}

function halfBits(data: Float16Array): Uint16Array {
  return new Uint16Array(data.buffer, data.byteOffset, data.length);
}
