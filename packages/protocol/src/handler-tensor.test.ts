import { describe, expect, test } from "vitest";

import { DATATYPES, tensorFromHandler as readTensor } from "./index.ts";
import type { Datatype } from "./index.ts";

/** Reads a tensor for an input that takes the datatype that it names, in every shape that it may have here. */
function tensorFromHandler(name: string, value: unknown) {
  const { datatype, shape } = (value ?? {}) as { datatype?: Datatype; shape?: unknown };
  const known = datatype !== undefined && datatype in DATATYPES ? datatype : "FP32";
  const rank = Array.isArray(shape) ? shape.length : 0;
  return readTensor(
    { name, datatype: known, shape: Array.from({ length: rank }, () => -1) },
    value,
  );
}

describe("tensorFromHandler", () => {
  test.each([
    ["FP32", new Float32Array([1, Number.NaN])],
    ["FP16", new Uint16Array([0x3c00, 0])],
    ["INT64", new BigInt64Array([1n, 2n])],
    ["BOOL", new Uint8Array([0, 1])],
    ["UINT8", Buffer.from([1, 2])],
  ])("takes a matching typed array of %s as it is", (datatype, data) => {
    expect(tensorFromHandler("x", { datatype, shape: [2], data }).data).toBe(data);
  });

  test.each([
    ["FP16", new Float16Array([1, -2]), new Uint16Array([0x3c00, 0xc000])],
    ["UINT8", new Uint8ClampedArray([1, 255]), new Uint8Array([1, 255])],
    [
      "FP32",
      [[0.5], [Number.POSITIVE_INFINITY]],
      new Float32Array([0.5, Number.POSITIVE_INFINITY]),
    ],
    ["FP64", [Number.NaN, 1], new Float64Array([Number.NaN, 1])],
    ["FP16", [1, 2], new Uint16Array([0x3c00, 0x4000])],
    ["INT64", [1, 2n ** 60n], new BigInt64Array([1n, 2n ** 60n])],
    ["BOOL", [true, 0], new Uint8Array([1, 0])],
    ["BYTES", ["a", "b"], ["a", "b"]],
  ])("reads %s from %o", (datatype, data, expected) => {
    const shape = [2, ...(Array.isArray(data[0]) ? [1] : [])];
    const tensor = tensorFromHandler("x", { datatype, shape, data });
    expect(tensor).toEqual({ name: "x", datatype, shape, data: expected });
  });

  test.each([
    [undefined, "got nothing"],
    [[1], "got an array"],
    [{ datatype: "float32", shape: [1], data: [1] }, '.datatype: got "float32"'],
    [{ datatype: "FP32", data: [1] }, ".shape: got nothing"],
    [{ datatype: "FP32", shape: [-1], data: [1] }, ".shape[0]: got -1"],
    [{ datatype: "FP32", shape: [2], data: [1] }, ".data: got 1 element"],
    [{ datatype: "FP32", shape: [2], data: new Float32Array(3) }, ".data: got 3 elements"],
    [
      { datatype: "FP32", shape: [1], data: new Float64Array(1) },
      ".data: got a Float64Array, FP32 takes a Float32Array or an array",
    ],
    [
      { datatype: "FP16", shape: [1], data: new Float32Array(1) },
      "FP16 takes a Float16Array or a Uint16Array or an array",
    ],
    [{ datatype: "BYTES", shape: [1], data: new Uint8Array(1) }, "BYTES takes an array"],
    [{ datatype: "UINT8", shape: [1], data: new DataView(new ArrayBuffer(1)) }, "got a DataView"],
    [{ datatype: "BOOL", shape: [1], data: new Uint8Array([2]) }, ".data[0]: got 2"],
    [{ datatype: "INT8", shape: [1, 1], data: [[200]] }, ".data[0][0]: got 200"],
    [{ datatype: "FP32", shape: [1], data: [1e39] }, ".data[0]: got 1e+39"],
    [{ datatype: "FP32", shape: [1], data: ["NaN"] }, '.data[0]: got "NaN"'],
    [{ datatype: "INT32", shape: [1], data: [Symbol("s")] }, ".data[0]: got a symbol"],
    [{ datatype: "FP32", shape: [1] }, ".data: got nothing"],
  ])("refuses %o", (value, problem) => {
    const attempt = () => tensorFromHandler("pixels", value);
    expect(attempt).toThrow(expect.objectContaining({ code: "ERR_HANDLER_INVALID" }));
    expect(attempt).toThrow('the handler\'s tensor "pixels"');
    expect(attempt).toThrow(problem);
  });

  const SPEC = { name: "x", datatype: "FP32", shape: [-1, 3] } as const;

  test.each([
    [
      { datatype: "FP64", shape: [1, 3], data: [1, 2, 3] },
      ".datatype: got FP64, the model takes FP32",
    ],
    [
      { datatype: "FP32", shape: [1, 2], data: [1, 2] },
      ".shape: got [1, 2], the model takes [-1, 3]",
    ],
    [{ datatype: "FP32", shape: [3], data: [1, 2, 3] }, ".shape: got [3], the model takes [-1, 3]"],
  ])("refuses %j for an input that takes something else", (value, text) => {
    expect(() => readTensor(SPEC, value)).toThrow(
      expect.objectContaining({
        code: "ERR_HANDLER_INVALID",
        message: expect.stringContaining(text),
      }),
    );
  });
});
