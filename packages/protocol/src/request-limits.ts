/**
 * Bounds on one request, so that no body can exhaust an environment's memory.
 *
 * They are ours, far above what Lambda carries (6 MiB, before decompression), and leave room for gzip.
 */
export const REQUEST_LIMITS = {
  /** A body after decompression. */
  bodyBytesMax: 67_108_864,
  /** JSON text: parsing takes up to about ten times its size, which the binary extension avoids. */
  jsonBytesMax: 33_554_432,
  /** Elements of all inputs together. */
  elementsMax: 16_777_216,
  /** Decoded elements of all inputs together. */
  tensorBytesMax: 67_108_864,
} as const;
