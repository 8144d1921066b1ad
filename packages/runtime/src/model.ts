import type * as ort from "onnxruntime-node";

import { PilotlightError } from "@pilotlight/core";
import type { SessionSpec } from "@pilotlight/core";
import type { ModelSignature, Tensor } from "@pilotlight/protocol";

import { inspectArtifact, unloadable } from "./artifact.ts";
import { fromOnnxTensor, toOnnxTensor } from "./onnx-tensor.ts";
import { onnxruntime } from "./onnxruntime.ts";
import { sessionOptions } from "./session-options.ts";
import { readSignature } from "./signature.ts";
import { warmUpInputs } from "./warm-up.ts";

/** A loaded model. */
export interface Model {
  readonly signature: ModelSignature;
  /** Size of the artifact, bytes. */
  readonly artifactBytes: number;
  /**
   * Runs the model once.
   *
   * @param inputs - One tensor for each input of the signature, already checked against it.
   * @param outputs - Names of the outputs wanted; only these are computed and returned, in this order.
   * @throws PilotlightError ERR_INFERENCE_FAILED with ONNX Runtime's words, as when two inputs' shapes disagree.
   */
  run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<readonly Tensor[]>;
  /** Frees the session's memory. */
  release(): Promise<void>;
}

/**
 * Loads an ONNX file and, if asked, runs it once on zeros so that the first request finds its memory allocated.
 *
 * @param path - Absolute path of the ONNX file.
 * @throws PilotlightError ERR_MODEL_UNLOADABLE naming the file and the cause.
 */
export async function openModel(path: string, spec: SessionSpec): Promise<Model> {
  const artifactBytes = await inspectArtifact(path);
  const session = await createSession(path, spec);
  const signature = readSignature(session, path);
  const model: Model = {
    signature,
    artifactBytes,
    run: (inputs, outputs) => runSession(session, inputs, outputs),
    release: () => session.release(),
  };
  if (spec.warmUp) await warmUp(model);
  return model;
}

async function createSession(path: string, spec: SessionSpec): Promise<ort.InferenceSession> {
  try {
    return await onnxruntime.InferenceSession.create(path, sessionOptions(spec));
  } catch (error) {
    throw unloadable(path, explainLoadError(error), error);
  }
}

/** What ONNX Runtime says at load, with the remedy for the commonest causes. */
function explainLoadError(error: unknown): string {
  const text = messageOf(error);
  if (/Protobuf parsing failed|ModelProto does not have a graph|INVALID_PROTOBUF/.test(text)) {
    return `it is no complete ONNX file (truncated or damaged): copy or export it again. ONNX Runtime says: ${text}`;
  }
  if (/Failed to construct locale/.test(text)) {
    return `a StringNormalizer in it names no locale and this system lacks en_US.UTF-8: set its locale to "C" and export again. ONNX Runtime says: ${text}`;
  }
  if (/Could not find an implementation|NOT_IMPLEMENTED/.test(text)) {
    return `it uses an operator or opset that this ONNX Runtime lacks: convert it to a newer opset. ONNX Runtime says: ${text}`;
  }
  return `ONNX Runtime refuses it: ${text}`;
}

async function runSession(
  session: ort.InferenceSession,
  inputs: readonly Tensor[],
  outputs: readonly string[],
): Promise<readonly Tensor[]> {
  const feeds = Object.fromEntries(inputs.map((tensor) => [tensor.name, toOnnxTensor(tensor)]));
  const results = await session.run(feeds, outputs).catch((error: unknown) => {
    throw runError(error);
  });
  return outputs.map((name) => fromOnnxTensor(name, results[name]));
}

/** What ONNX Runtime says when memory runs out: the caller's inputs are not at fault, another environment may do. */
const OUT_OF_MEMORY = /failed to allocate|bad allocation|bad_alloc|out of memory/i;

function runError(error: unknown): PilotlightError {
  const text = messageOf(error);
  if (OUT_OF_MEMORY.test(text)) {
    return new PilotlightError(
      "ERR_FUNCTION_FAILED",
      `the model ran out of memory: send a smaller batch, or raise memoryMb in the definition. ONNX Runtime says: ${text}`,
      { cause: error },
    );
  }
  return new PilotlightError("ERR_INFERENCE_FAILED", `the model refuses these inputs: ${text}`, {
    cause: error,
  });
}

async function warmUp(model: Model): Promise<void> {
  const inputs = warmUpInputs(model.signature);
  if (inputs === undefined) return;
  const names = model.signature.outputs.map((output) => output.name);
  try {
    await model.run(inputs, names);
  } catch (error) {
    // Zeros are no valid input for every model (an index, an empty text): such a model just starts unwarmed.
    console.warn(`warm-up skipped: the model does not run on zeros: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
