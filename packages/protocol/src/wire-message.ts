import type { Tensor } from "./tensor.ts";

import { bytesOfElements } from "./binary-elements.ts";
import { HEADER_LENGTH } from "./frame.ts";
import { jsonOfElements } from "./json-data.ts";

/** A tensor, and whether its elements follow the JSON as bytes. */
export interface OutgoingTensor {
  readonly tensor: Tensor;
  readonly isBinary: boolean;
}

/** JSON members as text, a comma between them, and the bytes that follow the JSON. */
export interface OutgoingEntries {
  readonly json: string;
  readonly tail: readonly Uint8Array[];
}

/** The greatest element has eight bytes: from there on, tensors of one datatype can be read without a copy. */
const ALIGNMENT_BYTES = 8;

/** Encodes the entries of `inputs` or `outputs`. */
export function encodeEntries(tensors: readonly OutgoingTensor[]): OutgoingEntries {
  const tail: Uint8Array[] = [];
  const entries = tensors.map(({ tensor, isBinary }) => {
    const { name, datatype, shape } = tensor;
    const head = `"name":${JSON.stringify(name)},"shape":[${shape.join(",")}],"datatype":"${datatype}"`;
    if (!isBinary) return `{${head},"data":${jsonOfElements(tensor)}}`;
    const bytes = bytesOfElements(tensor.data);
    tail.push(bytes);
    return `{${head},"parameters":{"binary_data_size":${bytes.byteLength}}}`;
  });
  return { json: entries.join(","), tail };
}

/** A body with binary tensors and its headers; spaces after the JSON align the first tensor. */
export function frameBinary(
  json: string,
  tail: readonly Uint8Array[],
): { readonly headers: Record<string, string>; readonly body: Uint8Array } {
  const padding = (ALIGNMENT_BYTES - (Buffer.byteLength(json) % ALIGNMENT_BYTES)) % ALIGNMENT_BYTES;
  const head = Buffer.from(json + " ".repeat(padding));
  return {
    headers: {
      "content-type": "application/octet-stream",
      [HEADER_LENGTH]: String(head.byteLength),
    },
    body: Buffer.concat([head, ...tail]),
  };
}
