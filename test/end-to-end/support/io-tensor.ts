import { readFileSync } from "node:fs";
import { join } from "node:path";

import { DATATYPES } from "@pilotlight/protocol";
import type { Datatype, Tensor, TensorData } from "@pilotlight/protocol";

import type { IoTensor } from "./io-file.ts";

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Reads a tensor of an io.json whose elements are JSON, a file or a formula. */
export function readIoTensor(directory: string, tensor: IoTensor): Tensor {
  const { name, datatype, shape, data, file, generate } = tensor;
  if (generate !== undefined) return { name, datatype, shape, data: generated(generate, shape) };
  if (file !== undefined) {
    return {
      name,
      datatype,
      shape,
      data: fromBytes(datatype, readFileSync(join(directory, file))),
    };
  }
  return { name, datatype, shape, data: fromValues(datatype, data ?? []) };
}

/**
 * Reads a tensor of a sequence.
 *
 * @returns Gives the tensor of each step, counted from 0.
 */
export function readIoSteps(directory: string, tensor: IoTensor): (step: number) => Tensor {
  const { name, datatype, shape, stepsFile, stepsData } = tensor;
  if (stepsFile !== undefined) {
    const all = fromBytes(datatype, readFileSync(join(directory, stepsFile)));
    const count = sizeOf(shape);
    return (step) => {
      const data = all.slice(step * count, (step + 1) * count) as TensorData;
      return { name, datatype, shape, data };
    };
  }
  if (stepsData !== undefined) {
    return (step) => {
      const data = fromValues(datatype, [stepsData[step]].flat());
      return { name, datatype, shape, data };
    };
  }
  const constant = readIoTensor(directory, tensor);
  return () => constant;
}

/** Makes elements of a datatype from JSON values; 64-bit integers may be strings. */
export function fromValues(datatype: Datatype, values: readonly unknown[]): TensorData {
  const { typedArray } = DATATYPES[datatype];
  if (typedArray === undefined) return values.map(String);
  if (typedArray === BigInt64Array || typedArray === BigUint64Array) {
    return typedArray.from(values.map((value) => BigInt(value as string | number)));
  }
  if (datatype === "FP16") {
    return new Uint16Array(Float16Array.from(values as number[]).buffer);
  }
  // Of the rest every constructor takes numbers, and true counts as 1.
  return (typedArray as Float64ArrayConstructor).from(values.map(Number));
}

/** Reads raw little-endian elements. */
function fromBytes(datatype: Datatype, bytes: Uint8Array): Exclude<TensorData, readonly string[]> {
  const { typedArray } = DATATYPES[datatype];
  if (typedArray === undefined) throw new Error(`${datatype} has no raw form`);
  const { buffer } = new Uint8Array(bytes);
  return new (typedArray as Uint8ArrayConstructor)(buffer);
}

function generated(formula: "arange_over_n" | "mod7919", shape: readonly number[]): Float32Array {
  const count = sizeOf(shape);
  const value = (index: number): number =>
    formula === "arange_over_n" ? index / count : Math.fround((index * 7919) % 1000) / 500 - 1;
  return Float32Array.from({ length: count }, (_, index) => value(index));
}
