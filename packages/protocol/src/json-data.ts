import type { Datatype, Tensor, TensorData } from "./tensor.ts";

import { DATATYPES } from "./datatypes.ts";
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
  const { kind } = DATATYPES[datatype];
  switch (kind) {
    case "float":
      return JSON.stringify(printedFloats(datatype, data));
    case "string":
      return JSON.stringify(data);
    case "boolean":
      return JSON.stringify(Array.from(data as Uint8Array, (value) => value !== 0));
    case "integer":
    case "bigint":
      return `[${data.join(",")}]`;
  }
}

function printedFloats(datatype: Datatype, data: TensorData): readonly unknown[] {
  if (datatype === "FP32") return printed(data as Float32Array, shortestFloat32);
  if (datatype === "FP64") return printed(data as Float64Array, (value) => value);
  const bits = data as Uint16Array;
  return printed(new Float16Array(bits.buffer, bits.byteOffset, bits.length), shortestFloat16);
}

function printed(data: ArrayLike<number>, shortest: (value: number) => number): readonly unknown[] {
  const values: unknown[] = [];
  for (let index = 0; index < data.length; index += 1) {
    const value = data[index] as number;
    if (value === 0) values.push(Object.is(value, -0) ? NEGATIVE_ZERO : 0);
    else values.push(Number.isFinite(value) ? shortest(value) : String(value));
  }
  return values;
}
