import type { Tensor } from "./tensor.ts";

import { shortestFloat16, shortestFloat32 } from "./shortest-float.ts";

/** In Node 24, not yet in TypeScript's library: https://github.com/tc39/proposal-json-parse-with-source */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => object };

/** JSON.stringify drops the sign of zero. */
const NEGATIVE_ZERO = rawJSON("-0");

/**
 * Writes a tensor's elements as a flat JSON array, row-major.
 *
 * FP16 and FP32 print the shortest decimal that reads back as the same float, 64-bit integers all their digits, BOOL
 * true and false. JSON has no NaN and no infinities: they print as the strings "NaN", "Infinity" and "-Infinity", as
 * in protobuf's JSON mapping. Negative zero prints as -0.
 *
 * @see https://protobuf.dev/programming-guides/json/ for the strings.
 */
export function jsonOfElements({ datatype, data }: Tensor): string {
  switch (datatype) {
    case "FP16": {
      const bits = data as Uint16Array;
      return jsonOfFloats(
        new Float16Array(bits.buffer, bits.byteOffset, bits.length),
        shortestFloat16,
      );
    }
    case "FP32":
      return jsonOfFloats(data as Float32Array, shortestFloat32);
    case "FP64":
      return jsonOfFloats(data as Float64Array, (value) => value);
    case "BYTES":
      return JSON.stringify(data);
    case "BOOL":
      return JSON.stringify(Array.from(data as Uint8Array, (value) => value !== 0));
    default:
      return `[${data.join(",")}]`;
  }
}

function jsonOfFloats(data: ArrayLike<number>, shortest: (value: number) => number): string {
  const values = Array.from<unknown>({ length: data.length });
  for (let index = 0; index < data.length; index += 1) {
    const value = data[index] as number;
    if (value === 0) values[index] = Object.is(value, -0) ? NEGATIVE_ZERO : 0;
    else values[index] = Number.isFinite(value) ? shortest(value) : String(value);
  }
  return JSON.stringify(values);
}
