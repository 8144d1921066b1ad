import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";

import { onnxTypeOf } from "@pilotlight/protocol";
import type { Tensor } from "@pilotlight/protocol";

process.env["ORT_DISABLE_TELEMETRY"] = "1";

/**
 * Runs a model with ONNX Runtime alone, in this process: what this processor's kernels make of it.
 *
 * @param inputs - FP32 tensors.
 */
export async function runBareSession(
  artifact: string,
  inputs: readonly Tensor[],
): Promise<readonly Tensor[]> {
  const session = await InferenceSession.create(artifact, { intraOpNumThreads: 1 });
  const feeds = Object.fromEntries(
    inputs.map(({ name, datatype, shape, data }) => [
      name,
      new OnnxTensor(onnxTypeOf(datatype) as "float32", data as Float32Array, shape),
    ]),
  );
  const results = await session.run(feeds);
  const outputs = Object.entries(results).map(([name, { dims, data }]) => {
    return { name, datatype: "FP32", shape: dims, data: data as Float32Array } as const;
  });
  await session.release();
  return outputs;
}
