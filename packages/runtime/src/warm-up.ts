import { DATATYPES, elementCount } from "@pilotlight/protocol";
import type { Datatype, ModelSignature, Tensor, TensorData } from "@pilotlight/protocol";

/** Elements of one input above which a warm-up would cost more than the allocations that it saves. */
const WARM_UP_ELEMENTS_MAX = 16_777_216;

/**
 * Zeros (empty text for BYTES) in the smallest shape that a model's inputs allow: 1 wherever a dimension may vary.
 *
 * @returns Nothing when an input is so large that the first request had better find the time.
 */
export function warmUpInputs(signature: ModelSignature): readonly Tensor[] | undefined {
  const shapes = signature.inputs.map(({ shape }) => shape.map((size) => (size < 0 ? 1 : size)));
  if (shapes.some((shape) => elementCount(shape) > WARM_UP_ELEMENTS_MAX)) return undefined;
  return signature.inputs.map(({ name, datatype }, index) => {
    const shape = shapes[index] ?? [];
    return { name, datatype, shape, data: zeros(datatype, elementCount(shape)) };
  });
}

function zeros(datatype: Datatype, count: number): TensorData {
  const { typedArray: TypedArray } = DATATYPES[datatype];
  return TypedArray === undefined ? Array.from({ length: count }, () => "") : new TypedArray(count);
}
