import type { Datatype } from "./tensor.ts";

import { DATATYPES } from "./datatypes.ts";

/**
 * Bounds on one request, so that no body can exhaust an environment's memory.
 *
 * They are ours, far above what Lambda carries (6 MiB, before decompression), and leave room for gzip.
 */
export const REQUEST_LIMITS = {
  /** A body after decompression. */
  bodyBytesMax: 67_108_864,
  /** JSON text: parsing takes up to about ten times its size, which the binary extension avoids. */
  jsonBytesMax: 16_777_216,
  /** Arrays and objects in the JSON text: parsing takes about a hundred bytes for each. */
  jsonContainersMax: 1_048_576,
  /** Elements of all inputs together. */
  elementsMax: 16_777_216,
  /** Memory of the elements of all inputs together. */
  tensorBytesMax: 67_108_864,
} as const;

/** Memory of a short string in V8, its place in the array included. */
const STRING_BYTES = 32;

/** Memory that an element takes once it is decoded, at least. */
export function memoryBytesPerElement(datatype: Datatype): number {
  const { kind, bytesPerElement } = DATATYPES[datatype];
  return kind === "string" ? STRING_BYTES : bytesPerElement;
}
