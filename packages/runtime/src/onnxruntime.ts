import { createRequire } from "node:module";

type OnnxRuntime = typeof import("onnxruntime-node");

/** Microsoft's telemetry is on by default in the Linux x64 build of 1.30; it is read when the first session opens. */
process.env["ORT_DISABLE_TELEMETRY"] = "1";

/**
 * ONNX Runtime, through `require`: a layer is found by NODE_PATH, which `import` does not read.
 */
export const onnxruntime = createRequire(import.meta.url)("onnxruntime-node") as OnnxRuntime;
