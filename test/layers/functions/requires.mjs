/** Loads ONNX Runtime as npm users do, from the layer, and answers what the model says. */
import { createRequire } from "node:module";
import { join } from "node:path";

process.env.ORT_DISABLE_TELEMETRY = "1";

const require = createRequire(import.meta.url);
const { InferenceSession, Tensor } = require("onnxruntime-node");
const model = join(process.env.LAMBDA_TASK_ROOT, "model.onnx");
const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });

export async function handler({ features }) {
  const outputs = await session.run({
    features: new Tensor("float32", Float32Array.from(features), [1, features.length]),
  });
  return {
    label: Number(outputs.label.data[0]),
    probabilities: [...outputs.probabilities.data],
    loadedFrom: require.resolve("onnxruntime-node"),
  };
}
