import { join } from "node:path";

import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";

import type { SessionSpec } from "@pilotlight/core";
import { datatypeOf, onnxTypeOf } from "@pilotlight/protocol";
import type { Tensor, TensorData } from "@pilotlight/protocol";
import { openingOptions } from "@pilotlight/runtime/prepare";
import type { KeptModel, PreparedModel } from "@pilotlight/runtime/prepare";

import type { Ask } from "../end-to-end/support/infer.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1";

/** The first session over a prepared model, by ONNX Runtime alone. */
export interface PreparedSession {
  readonly ask: Ask;
  release(): Promise<void>;
}

/** Opens a model as its first opening says. */
export async function openPrepared({
  model,
  directory,
  spec,
}: {
  model: PreparedModel | KeptModel;
  directory: string;
  spec: SessionSpec;
}): Promise<PreparedSession> {
  const { first } = model.openings;
  const path = join(directory, first.file);
  const session = await InferenceSession.create(path, openingOptions(spec, first));
  return {
    ask: async (inputs) => {
      const feeds = Object.fromEntries(inputs.map((input) => [input.name, onnxTensor(input)]));
      const results = await session.run(feeds);
      return Object.entries(results).map(([name, value]) => plainTensor(name, value));
    },
    release: () => session.release(),
  };
}

function onnxTensor({ datatype, data, shape }: Tensor): OnnxTensor {
  const made = new OnnxTensor(onnxTypeOf(datatype) as "float32", data as Float32Array, shape);
  // The native binding reads half bits from a Uint16Array only, which onnxruntime-common turns into a Float16Array.
  if (datatype === "FP16") Object.defineProperty(made, "data", { value: data });
  return made;
}

function plainTensor(name: string, value: OnnxTensor): Tensor {
  const datatype = datatypeOf(value.type);
  if (datatype === undefined) throw new Error(`the output "${name}" has no datatype of ours`);
  const data = value.data as TensorData | Float16Array;
  const bits =
    data instanceof Float16Array
      ? new Uint16Array(data.buffer, data.byteOffset, data.length)
      : data;
  return { name, datatype, shape: value.dims.map(Number), data: bits };
}
