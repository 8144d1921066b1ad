import type * as ort from "onnxruntime-node";

import type { SessionSpec } from "@pilotlight/core";

/** ONNX Runtime's own scale: 3 is errors only. A model's warnings would be repeated at every cold start. */
const LOG_SEVERITY_ERROR = 3;

/**
 * The options of an ONNX Runtime session.
 *
 * One operator runs at a time, with the threads of the spec inside it. Idle threads do not spin: spinning would bill
 * CPU while nothing runs, and doubled the CPU of a request where it was measured.
 *
 * @see https://onnxruntime.ai/docs/performance/tune-performance/threading.html
 */
export function sessionOptions(spec: SessionSpec): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    executionMode: "sequential",
    intraOpNumThreads: spec.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: spec.optimization,
    logSeverityLevel: LOG_SEVERITY_ERROR,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
}
