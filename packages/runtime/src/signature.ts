import type * as ort from "onnxruntime-node";

import { datatypeOf } from "@pilotlight/protocol";
import type { ModelSignature, TensorSpec } from "@pilotlight/protocol";

import { unloadable } from "./artifact.ts";

type ValueMetadata = ort.InferenceSession.ValueMetadata;

/**
 * Reads a model's names, shapes and datatypes from its session.
 *
 * Outputs that are no tensors (a ZipMap's sequence of maps) are left out, since no request could carry them.
 *
 * @param path - The artifact, for the error's text.
 * @throws PilotlightError ERR_MODEL_UNLOADABLE when an input is no tensor, or no output is one.
 */
export function readSignature(session: ort.InferenceSession, path: string): ModelSignature {
  const inputs = session.inputMetadata.map((metadata) => {
    const spec = tensorSpec(metadata);
    if (spec !== undefined) return spec;
    throw unloadable(
      path,
      `its input "${metadata.name}" is no tensor of a datatype that requests can carry: export the model with tensor inputs`,
    );
  });
  const outputs = session.outputMetadata.map(tensorSpec).filter((spec) => spec !== undefined);
  if (outputs.length === 0) {
    throw unloadable(
      path,
      "none of its outputs is a tensor: export the model with tensor outputs (zipmap off)",
    );
  }
  return { inputs, outputs };
}

/** @returns Nothing when the value is no tensor, or of a datatype that the protocol lacks. */
function tensorSpec(metadata: ValueMetadata): TensorSpec | undefined {
  if (!metadata.isTensor) return undefined;
  const datatype = datatypeOf(metadata.type);
  if (datatype === undefined) return undefined;
  // A dimension that may vary has a name instead of a size.
  const shape = metadata.shape.map((size) => (typeof size === "number" ? size : -1));
  return { name: metadata.name, datatype, shape };
}
