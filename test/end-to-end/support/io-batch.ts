import type { Tensor, TensorData } from "@pilotlight/protocol";

import type { IoModel, IoTensor, SingleCase } from "./io-file.ts";
import { readIoTensor } from "./io-tensor.ts";
import { tensorDifference } from "./tensor-difference.ts";

/** Larger inputs would not fit into a request twice. */
const INPUT_ELEMENTS_MAX = 400_000;

/** A case whose rows are all there twice. */
export interface DoubledCase {
  readonly inputs: readonly Tensor[];
  /** How the outputs differ from the case's own, each row twice. */
  differences(outputs: readonly Tensor[]): readonly string[];
}

/**
 * Doubles the batch of a model's first case.
 *
 * @returns Nothing for a model whose first dimensions do not vary together, or that has only large cases.
 */
export function doubledCase(model: IoModel): DoubledCase | undefined {
  const { directory, inputs, outputs, cases } = model;
  if (![...inputs, ...outputs].every(({ shape }) => shape[0] === -1)) return undefined;
  const each = cases.find((candidate) => isSmall(candidate, directory)) as SingleCase | undefined;
  if (each === undefined) return undefined;
  const twice = (tensor: IoTensor): Tensor => doubled(readIoTensor(directory, tensor));
  return {
    inputs: each.inputs.map(twice),
    differences(got) {
      return each.outputs
        .map((output) => {
          const found = got.find(({ name }) => name === output.name);
          return tensorDifference(found, twice(output), each.tolerance);
        })
        .filter((difference) => difference !== undefined);
    },
  };
}

function isSmall(each: IoModel["cases"][number], directory: string): boolean {
  if (each.kind !== "single") return false;
  return each.inputs.every(
    (input) => readIoTensor(directory, input).data.length <= INPUT_ELEMENTS_MAX,
  );
}

function doubled({ name, datatype, shape, data }: Tensor): Tensor {
  const [rows = 0, ...rest] = shape;
  return { name, datatype, shape: [rows * 2, ...rest], data: twoOf(data) };
}

function twoOf(data: TensorData): TensorData {
  if (!ArrayBuffer.isView(data)) return [...data, ...data];
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const both = new Uint8Array(bytes.length * 2);
  both.set(bytes);
  both.set(bytes, bytes.length);
  return new (data.constructor as Uint8ArrayConstructor)(both.buffer);
}
