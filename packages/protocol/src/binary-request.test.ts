import type { ErrorCode } from "@pilotlight/core";

import { describe, expect, test } from "vitest";

import type { InferRequest } from "./infer-request.ts";
import type { Datatype, ModelSignature } from "./tensor.ts";

import { decodeInferRequest, encodeInferRequest } from "./index.ts";
import { A, B, decode, one, refusal, signature } from "./testing/requests.ts";

/** The memory in which each input lies. */
function buffersOf(request: InferRequest): readonly unknown[] {
  return request.inputs.map(({ data }) => (ArrayBuffer.isView(data) ? data.buffer : undefined));
}

describe("decodeInferRequest, binary bodies", () => {
  const tensors = decode({ inputs: [A, B] }).inputs;
  const { headers, body } = encodeInferRequest({ inputs: tensors, isBinary: true });
  const length = Number(headers["inference-header-content-length"]);

  /** The binary request with its JSON changed; the header follows. */
  function changed(
    change: (json: string) => string,
    tail = body.subarray(length),
  ): () => InferRequest {
    const json = Buffer.from(change(Buffer.from(body.subarray(0, length)).toString()));
    const header = { "inference-header-content-length": String(json.length) };
    return () => decode(Buffer.concat([json, tail]), { headers: header });
  }

  test("reads aligned tensors in place, and copies the others", () => {
    const aligned = new Uint8Array(body);
    const request = decodeInferRequest({ headers, body: aligned }, signature);
    expect(request.inputs).toEqual(tensors);
    const buffers = buffersOf(request);
    // Four bytes of INT8 stand before the float32s, so that both are aligned.
    expect(buffers).toEqual([aligned.buffer, aligned.buffer]);
    const shifted = new Uint8Array(body.length + 1);
    shifted.set(body, 1);
    const again = decodeInferRequest({ headers, body: shifted.subarray(1) }, signature);
    expect(again.inputs).toEqual(tensors);
    const [int8, float32] = buffersOf(again);
    expect(int8).toBe(shifted.buffer);
    expect(float32).not.toBe(shifted.buffer);
  });

  test.each<[string, () => unknown, ErrorCode, string]>([
    [
      "leftover bytes",
      changed((json) => json, Buffer.concat([body.subarray(length), Buffer.alloc(1)])),
      "ERR_INPUT_INVALID",
      "13 bytes follow the JSON, 12 are announced",
    ],
    [
      "missing bytes",
      changed((json) => json, body.subarray(length + 1)),
      "ERR_INPUT_INVALID",
      "11 bytes follow",
    ],
    [
      "a size that does not fit the shape",
      changed((json) => json.replace('_size":4', '_size":3').replace('_size":8', '_size":9')),
      "ERR_INPUT_INVALID",
      'inputs[0] ("a"): got 3 bytes, INT8 [2, 2] takes 4',
    ],
    [
      "bytes after JSON data",
      changed(() => JSON.stringify({ inputs: [A, B] })),
      "ERR_BODY_MALFORMED",
      "12 bytes follow",
    ],
    [
      "a missing header",
      () => decode(body.subarray(0, length)),
      "ERR_HEADER_INVALID",
      'inputs[0] ("a")',
    ],
    ...["x", "-1", "1.5", "", "1e2", "99999", "9999999999999999999"].map(
      (value): [string, () => unknown, ErrorCode, string] => [
        `the header ${JSON.stringify(value)}`,
        () => decode(body, { headers: { "inference-header-content-length": value } }),
        "ERR_HEADER_INVALID",
        "Inference-Header-Content-Length: got",
      ],
    ),
  ])("refuses %s", (...[, attempt, code, field]) => {
    const refused = refusal(attempt);
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(field);
  });

  test.each<[string, Datatype, readonly number[], Buffer, string]>([
    ["a BOOL of 2", "BOOL", [2], Buffer.from([1, 2]), "[1]: got the byte 2"],
    [
      "text that is not UTF-8",
      "BYTES",
      [1],
      Buffer.from([1, 0, 0, 0, 0xff]),
      "[0]: the bytes are not UTF-8",
    ],
    [
      "a length past the end",
      "BYTES",
      [1],
      Buffer.from([9, 0, 0, 0, 65]),
      "[0]: the element's length",
    ],
    ["half a length", "BYTES", [1], Buffer.from([1, 0]), "[0]: the element's length"],
    ["too few texts", "BYTES", [2], Buffer.from([0, 0, 0, 0]), "got 1 elements"],
    ["too many texts", "BYTES", [1], Buffer.alloc(8), "got 1 elements in 4 of 8 bytes"],
  ])("refuses %s", (...[, datatype, shape, tail, field]) => {
    const input = { name: "x", datatype, shape, parameters: { binary_data_size: tail.length } };
    const json = Buffer.from(JSON.stringify({ inputs: [input] }));
    const header = { "inference-header-content-length": String(json.length) };
    const attempt = () =>
      decode(Buffer.concat([json, tail]), { model: one(datatype, [-1]), headers: header });
    expect(refusal(attempt).message).toContain(
      `inputs[0] ("x")${field.startsWith("[") ? field : ""}`,
    );
    expect(refusal(attempt).message).toContain(field);
  });
});

describe("decodeInferRequest, raw bodies", () => {
  const headers = { "inference-header-content-length": "0" };

  test.each<[Datatype, readonly number[], number, readonly number[]]>([
    ["FP32", [2, 3], 24, [2, 3]],
    ["FP32", [-1, 3], 24, [2, 3]],
    ["UINT8", [3, -1], 6, [3, 2]],
    ["INT64", [], 8, []],
    ["FP32", [-1, 3], 0, [0, 3]],
  ])("deduces the shape of %s %j from %d bytes", (...[datatype, shape, size, deduced]) => {
    const request = decode(Buffer.alloc(size), { headers, model: one(datatype, shape) });
    expect(request.inputs[0]?.shape).toEqual(deduced);
    expect(request.hasBinaryOutput).toBe(true);
    expect(request.outputs.every((output) => output.isBinary)).toBe(true);
  });

  test("takes the whole body for the one element of a BYTES input", () => {
    const request = decode(Buffer.from("żółć"), { headers, model: one("BYTES", [-1, 1]) });
    expect(request.inputs).toEqual([
      { name: "x", datatype: "BYTES", shape: [1, 1], data: ["żółć"] },
    ]);
  });

  test.each<[string, ModelSignature, number]>([
    ["several inputs", signature, 12],
    ["a size that fits no batch", one("FP32", [-1, 3]), 13],
    ["a size that does not fit", one("FP32", [2]), 4],
    ["two dimensions that may vary", one("FP32", [-1, -1]), 8],
    ["a fixed dimension of zero", one("FP32", [-1, 0]), 0],
    ["text for a shape of many", one("BYTES", [-1, 2]), 3],
  ])("refuses %s and says what to send", (_, model, size) => {
    const refused = refusal(() => decode(Buffer.alloc(size), { headers, model }));
    expect(refused.code).toBe("ERR_INPUT_INVALID");
    expect(refused.message).toContain("the raw body");
  });
});
