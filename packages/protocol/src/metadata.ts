import type { Datatype, ModelSignature, TensorSpec } from "./tensor.ts";

/** A model's metadata in the protocol's words. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: "onnx_onnxv1";
  readonly inputs: readonly MetadataTensor[];
  readonly outputs: readonly MetadataTensor[];
}

/** A tensor of a model; -1 in `shape` is a dimension that may vary. */
interface MetadataTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/**
 * The metadata object of a model with one version.
 *
 * @see https://github.com/kserve/open-inference-protocol, inference_rest.md, "Model Metadata Response JSON Object",
 *   for the fields and for the platform's name.
 */
export function encodeMetadata({
  name,
  version,
  signature,
}: {
  readonly name: string;
  readonly version: string;
  readonly signature: ModelSignature;
}): ModelMetadata {
  return {
    name,
    versions: [version],
    platform: "onnx_onnxv1",
    inputs: signature.inputs.map(metadataTensor),
    outputs: signature.outputs.map(metadataTensor),
  };
}

function metadataTensor({ name, datatype, shape }: TensorSpec): MetadataTensor {
  return { name, datatype, shape };
}
