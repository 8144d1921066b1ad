import { describe, expect, test } from "vitest";

import type { Datatype } from "./tensor.ts";

import { DATATYPES, datatypeOf, elementCount, encodeMetadata, onnxTypeOf } from "./index.ts";

const NAMES = Object.keys(DATATYPES) as readonly Datatype[];

describe("DATATYPES", () => {
  // Sizes and ranges of the specification's table, in its order.
  test.each<[Datatype, number, number, number]>([
    ["BOOL", 1, 0, 1],
    ["UINT8", 1, 0, 255],
    ["UINT16", 2, 0, 65_535],
    ["UINT32", 4, 0, 4_294_967_295],
    ["UINT64", 8, 0, 2 ** 64],
    ["INT8", 1, -128, 127],
    ["INT16", 2, -32_768, 32_767],
    ["INT32", 4, -2_147_483_648, 2_147_483_647],
    ["INT64", 8, -(2 ** 63), 2 ** 63],
    ["FP16", 2, -65_504, 65_504],
    ["FP32", 4, -3.4028234663852886e38, 3.4028234663852886e38],
    ["FP64", 8, -Number.MAX_VALUE, Number.MAX_VALUE],
  ])("%s takes %d bytes and goes from %d to %d", (...[datatype, bytes, min, max]) => {
    const traits = DATATYPES[datatype];
    expect(traits).toMatchObject({ bytesPerElement: bytes, min, max });
    expect(traits.typedArray?.BYTES_PER_ELEMENT).toBe(bytes);
  });

  test.each(NAMES)("%s has one ONNX Runtime type, and back", (datatype) => {
    expect(datatypeOf(onnxTypeOf(datatype))).toBe(datatype);
  });

  test("there is no datatype for int4", () => {
    expect(datatypeOf("int4")).toBeUndefined();
  });
});

describe("elementCount", () => {
  test.each([
    [[], 1],
    [[2, 3], 6],
    [[2, 0, 5], 0],
  ])("%j has %d", (shape, count) => {
    expect(elementCount(shape)).toBe(count);
  });
});

describe("encodeMetadata", () => {
  test("names the model, its version and its tensors, and nothing else", () => {
    const spec = { name: "x", datatype: "FP32", shape: [-1, 3], dims: ["batch", 3] } as const;
    const signature = { inputs: [spec], outputs: [spec] };
    const tensor = { name: "x", datatype: "FP32", shape: [-1, 3] };
    expect(encodeMetadata({ name: "m", version: "1", signature })).toEqual({
      name: "m",
      versions: ["1"],
      platform: "onnx_onnxv1",
      inputs: [tensor],
      outputs: [tensor],
    });
  });
});
