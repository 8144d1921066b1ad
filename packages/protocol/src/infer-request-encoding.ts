import type { Tensor } from "./tensor.ts";

import { encodeEntries, frameBinary } from "./wire-message.ts";

/** What an inference request is made of. */
export interface InferRequestParts {
  readonly id?: string;
  readonly inputs: readonly Tensor[];
  /** Names of the outputs to ask for; all when absent. */
  readonly outputs?: readonly string[];
  /** Whether the inputs go, and all outputs come, in binary. */
  readonly isBinary: boolean;
}

/**
 * Encodes an inference request, the client's side of `decodeInferRequest`.
 *
 * @returns Headers in lower case and the body; NaN and infinities need `isBinary`, as servers refuse them in JSON.
 * @see https://github.com/kserve/open-inference-protocol, inference_rest.md, "Inference Request JSON Object"
 */
export function encodeInferRequest({ id, inputs, outputs, isBinary }: InferRequestParts): {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
} {
  const { json, tail } = encodeEntries(inputs.map((tensor) => ({ tensor, isBinary })));
  const members = [
    ...(id === undefined ? [] : [`"id":${JSON.stringify(id)}`]),
    `"inputs":[${json}]`,
    ...(outputs === undefined
      ? []
      : [`"outputs":${JSON.stringify(outputs.map((name) => ({ name })))}`]),
    ...(isBinary ? ['"parameters":{"binary_data_output":true}'] : []),
  ];
  const text = `{${members.join(",")}}`;
  return isBinary
    ? frameBinary(text, tail)
    : { headers: { "content-type": "application/json" }, body: Buffer.from(text) };
}
