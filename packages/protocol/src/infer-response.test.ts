import { InvariantViolation } from "@pilotlight/core";
import { describe, expect, test } from "vitest";

import type { Tensor } from "./tensor.ts";

import { decodeInferResponse, encodeInferResponse } from "./index.ts";

function bodyOf(tensor: Tensor): string | Uint8Array {
  const outputs = [{ name: tensor.name, isBinary: false }];
  const request = { inputs: [], outputs, hasBinaryOutput: false };
  return encodeInferResponse({ model: "m", version: "1", outputs: [tensor], request }).body;
}

function dataOf(tensor: Omit<Tensor, "name" | "shape">): string {
  const body = bodyOf({ name: "y", shape: [tensor.data.length], ...tensor });
  return /"data":(.*)\}\]\}$/.exec(String(body))?.[1] ?? "";
}

const scores: Tensor = {
  name: "s",
  datatype: "FP32",
  shape: [1, 2],
  data: new Float32Array([0.1, 2]),
};
const labels: Tensor = { name: "l", datatype: "BYTES", shape: [1], data: ["żółć"] };

describe("encodeInferResponse", () => {
  test.each<[Omit<Tensor, "name" | "shape">, string]>([
    [
      { datatype: "FP32", data: new Float32Array([0.1, 1e-7, 16_777_217, -0, 0]) },
      "[0.1,1e-7,16777216,-0,0]",
    ],
    [
      { datatype: "FP32", data: new Float32Array([Number.NaN, Infinity, -Infinity]) },
      '["NaN","Infinity","-Infinity"]',
    ],
    [{ datatype: "FP64", data: new Float64Array([0.1, 1e300, -0]) }, "[0.1,1e+300,-0]"],
    [{ datatype: "FP16", data: new Uint16Array([0x2e66, 0x7e00, 0x8000]) }, '[0.1,"NaN",-0]'],
    [{ datatype: "INT64", data: new BigInt64Array([2n ** 63n - 1n]) }, "[9223372036854775807]"],
    [{ datatype: "UINT64", data: new BigUint64Array([2n ** 64n - 1n]) }, "[18446744073709551615]"],
    [{ datatype: "BOOL", data: new Uint8Array([1, 0]) }, "[true,false]"],
    [{ datatype: "INT8", data: new Int8Array([-128]) }, "[-128]"],
    [{ datatype: "BYTES", data: ['"', "ż"] }, '["\\"","ż"]'],
    [{ datatype: "UINT8", data: new Uint8Array() }, "[]"],
  ])("prints %o as %s", (tensor, json) => {
    expect(dataOf(tensor)).toBe(json);
  });

  test("answers the outputs asked for, in their order, with the request's id", () => {
    const outputs = ["l", "s"].map((name) => ({ name, isBinary: false }));
    const { headers, body } = encodeInferResponse({
      model: "m",
      version: "2",
      id: "42",
      outputs: [scores, labels],
      request: { inputs: [], outputs, hasBinaryOutput: false },
    });
    expect(headers).toEqual({ "content-type": "application/json" });
    expect(JSON.parse(String(body))).toEqual({
      model_name: "m",
      model_version: "2",
      id: "42",
      outputs: [
        { name: "l", datatype: "BYTES", shape: [1], data: ["żółć"] },
        { name: "s", datatype: "FP32", shape: [1, 2], data: [0.1, 2] },
      ],
    });
  });

  test("puts binary outputs after the JSON, aligned to eight bytes, beside JSON outputs", () => {
    const request = {
      inputs: [],
      outputs: [
        { name: "l", isBinary: false },
        { name: "s", isBinary: true },
      ],
      hasBinaryOutput: false,
    };
    const outputs = [scores, labels];
    const { headers, body } = encodeInferResponse({ model: "m", version: "1", outputs, request });
    const length = Number(headers["inference-header-content-length"]);
    expect(headers["content-type"]).toBe("application/octet-stream");
    expect(length % 8).toBe(0);
    expect(body).toHaveLength(length + 8);
    const decoded = decodeInferResponse({ headers, body: body as Uint8Array });
    expect(decoded).toEqual({ modelName: "m", modelVersion: "1", outputs: [labels, scores] });
  });

  test("takes a requested output that the model did not give for a programmer's error", () => {
    const request = { inputs: [], outputs: [{ name: "q", isBinary: true }], hasBinaryOutput: true };
    expect(() => encodeInferResponse({ model: "m", version: "1", outputs: [], request })).toThrow(
      InvariantViolation,
    );
  });
});

describe("decodeInferResponse", () => {
  const answer = {
    model_name: "m",
    outputs: [{ name: "s", datatype: "FP32", shape: [1], data: [1] }],
  };

  test.each<[string, unknown, string]>([
    ["an error", { error: "no such model" }, "ERR_INFERENCE_FAILED"],
    ["no JSON", "<html>", "ERR_BODY_MALFORMED"],
    ["a list", [], "ERR_BODY_MALFORMED"],
    ["no model's name", { ...answer, model_name: undefined }, "ERR_BODY_MALFORMED"],
    ["a version that is no string", { ...answer, model_version: 1 }, "ERR_BODY_MALFORMED"],
    ["no outputs", { ...answer, outputs: undefined }, "ERR_BODY_MALFORMED"],
    [
      "an unknown datatype",
      { ...answer, outputs: [{ name: "s", datatype: "FP8", shape: [], data: [1] }] },
      "ERR_BODY_MALFORMED",
    ],
    [
      "data of another length",
      { ...answer, outputs: [{ name: "s", datatype: "FP32", shape: [2], data: [1] }] },
      "ERR_BODY_MALFORMED",
    ],
  ])("refuses %s", (_, body, code) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const attempt = () => decodeInferResponse({ headers: {}, body: Buffer.from(text) });
    expect(attempt).toThrow(expect.objectContaining({ code }));
  });

  test("reads an answer without a version", () => {
    const body = Buffer.from(JSON.stringify(answer));
    expect(decodeInferResponse({ headers: {}, body }).modelVersion).toBe("");
  });
});
