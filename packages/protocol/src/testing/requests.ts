import type { ErrorCode } from "@pilotlight/core";

import { isPilotlightError } from "@pilotlight/core";

import type { InferRequest } from "../infer-request.ts";
import type { Datatype, ModelSignature } from "../tensor.ts";

import { decodeInferRequest } from "../index.ts";

/** A model of two inputs. */
export const signature: ModelSignature = {
  inputs: [
    { name: "a", datatype: "INT8", shape: [-1, 2] },
    { name: "b", datatype: "FP32", shape: [2] },
  ],
  outputs: [
    { name: "y", datatype: "FP32", shape: [-1] },
    { name: "z", datatype: "BYTES", shape: [-1] },
  ],
};
/** What it takes, as JSON. */
export const A = { name: "a", datatype: "INT8", shape: [2, 2], data: [1, 2, 3, 4] };
export const B = { name: "b", datatype: "FP32", shape: [2], data: [0.5, -1] };

/** A model of one input "x". */
export function one(datatype: Datatype, shape: readonly number[]): ModelSignature {
  return { inputs: [{ name: "x", datatype, shape }], outputs: signature.outputs };
}

/** Decodes a body: bytes, text, or a value as JSON. */
export function decode(
  body: unknown,
  {
    model = signature,
    headers = {},
  }: { model?: ModelSignature; headers?: Record<string, string> } = {},
): InferRequest {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return decodeInferRequest(
    { body: body instanceof Uint8Array ? body : Buffer.from(text), headers },
    model,
  );
}

/** The error with which an attempt is refused. */
export function refusal(attempt: () => unknown): { code: ErrorCode; message: string } {
  try {
    attempt();
  } catch (error) {
    if (isPilotlightError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}
