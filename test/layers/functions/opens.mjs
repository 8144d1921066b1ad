/** Opens the native binding of the layer itself, without the package's JavaScript. */
import { join } from "node:path";

process.env.ORT_DISABLE_TELEMETRY = "1";

/** What the binding makes its outputs with, by `new`. */
function Tensor(type, data, dims) {
  return { type, data, dims, location: "cpu" };
}

const [modules] = process.env.NODE_PATH.split(":").filter((path) =>
  path.endsWith("/nodejs/node_modules"),
);
const loadedFrom = join(modules, "../..", process.env.BINDING_PATH);
const module = { exports: {} };
process.dlopen(module, loadedFrom);
module.exports.initOrtOnce(3, Tensor, true);
const session = new module.exports.InferenceSession();
session.loadModel(join(process.env.LAMBDA_TASK_ROOT, "model.onnx"), { intraOpNumThreads: 1 });

export async function handler({ features }) {
  const input = Tensor("float32", Float32Array.from(features), [1, features.length]);
  const outputs = session.run({ features: input }, { label: null, probabilities: null }, {});
  return {
    label: Number(outputs.label.data[0]),
    probabilities: [...outputs.probabilities.data],
    loadedFrom,
  };
}
