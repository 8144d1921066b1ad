import { DATATYPES, elementCount } from "@pilotlight/protocol";
import type { ModelSignature, Tensor, TensorData, TensorSpec } from "@pilotlight/protocol";

/** Above this a warm-up would cost more than the allocations that it saves. */
const WARM_UP_ELEMENTS_MAX = 16_777_216;

/**
 * Zeros (empty text for BYTES) in the smallest shape that a model's inputs allow: 1 wherever a dimension may vary.
 */
export function warmUpInputs(signature: ModelSignature): readonly Tensor[] {
  return signature.inputs.map((spec) => {
    const shape = spec.shape.map((size) => (size < 0 ? 1 : size));
    return { name: spec.name, datatype: spec.datatype, shape, data: zeros(spec, shape) };
  });
}

function zeros(spec: TensorSpec, shape: readonly number[]): TensorData {
  const count = Math.min(elementCount(shape), WARM_UP_ELEMENTS_MAX);
  const { typedArray: TypedArray } = DATATYPES[spec.datatype];
  return TypedArray === undefined ? Array.from({ length: count }, () => "") : new TypedArray(count);
}
