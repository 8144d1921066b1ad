import { describe, expect, test } from "vitest";

import { warmUpInputs } from "./warm-up.ts";

describe("warmUpInputs", () => {
  test("makes zeros of the smallest shape, and empty text", () => {
    const inputs = [
      { name: "a", datatype: "FP32", shape: [-1, 3] },
      { name: "b", datatype: "BYTES", shape: [2] },
      { name: "c", datatype: "INT64", shape: [] },
    ] as const;
    expect(warmUpInputs({ inputs, outputs: [] })).toEqual([
      { name: "a", datatype: "FP32", shape: [1, 3], data: new Float32Array(3) },
      { name: "b", datatype: "BYTES", shape: [2], data: ["", ""] },
      { name: "c", datatype: "INT64", shape: [], data: new BigInt64Array(1) },
    ]);
  });

  test("leaves a model with a huge input alone", () => {
    const inputs = [{ name: "a", datatype: "UINT8", shape: [4097, 4096] }] as const;
    expect(warmUpInputs({ inputs, outputs: [] })).toBeUndefined();
  });
});
