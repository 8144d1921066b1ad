import type { Tensor } from "./tensor.ts";

/** An output that a request asks for, and whether its elements are to come in binary. */
export interface RequestedOutput {
  readonly name: string;
  readonly isBinary: boolean;
}

/** An inference request that fits the model: nothing in it is left to check but what the model itself checks. */
export interface InferRequest {
  readonly id?: string;
  /** In the order of the body; every input of the model once. */
  readonly inputs: readonly Tensor[];
  /** What to answer, in this order. */
  readonly outputs: readonly RequestedOutput[];
  /** Whether the request as a whole asked for binary outputs (`binary_data_output`, or a raw body). */
  readonly hasBinaryOutput: boolean;
}
