import type { ErrorCode } from "@pilotlight/core";

import { describe, expect, test } from "vitest";

import type { Datatype, ModelSignature } from "./tensor.ts";

import { A, B, decode, one, refusal } from "./testing/requests.ts";

/** Elements of a one-element input, as written in JSON. */
function elements(datatype: Datatype, json: string): unknown {
  const body = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1],"data":[${json}]}]}`;
  return [...(decode(body, { model: one(datatype, [-1]) }).inputs[0]?.data ?? [])];
}

describe("decodeInferRequest, what it accepts", () => {
  test("reads inputs in the order of the body and asks for every output by default", () => {
    const request = decode({ inputs: [B, A], parameters: { anything: 1 } });
    expect(request).toEqual({
      inputs: [
        { ...B, data: new Float32Array([0.5, -1]) },
        { ...A, data: new Int8Array([1, 2, 3, 4]) },
      ],
      outputs: [
        { name: "y", isBinary: false },
        { name: "z", isBinary: false },
      ],
      hasBinaryOutput: false,
    });
  });

  test("asks for the named outputs in their order, each in its own encoding", () => {
    const outputs = [{ name: "z", parameters: { binary_data: false } }, { name: "y" }];
    const parameters = { binary_data_output: true };
    expect(decode({ inputs: [A, B], outputs, parameters }).outputs).toEqual([
      { name: "z", isBinary: false },
      { name: "y", isBinary: true },
    ]);
  });

  test("takes an empty list of outputs for all of them", () => {
    expect(decode({ inputs: [A, B], outputs: [] }).outputs).toHaveLength(2);
  });

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/vnd.api+json",
    "",
  ])("takes the content type %j", (contentType) => {
    const headers = { "content-type": contentType };
    expect(decode({ inputs: [A, B] }, { headers }).inputs).toHaveLength(2);
  });

  test("skips a byte order mark", () => {
    expect(decode(`\uFEFF${JSON.stringify({ inputs: [A, B] })}`).inputs).toHaveLength(2);
  });

  test.each<[Datatype, string, unknown]>([
    ["BOOL", "true", 1],
    ["BOOL", "0", 0],
    ["INT8", "-128", -128],
    ["INT8", "1e2", 100],
    ["UINT32", "4294967295", 4_294_967_295],
    ["INT64", "9223372036854775807", 2n ** 63n - 1n],
    ["INT64", "-9223372036854775808", -(2n ** 63n)],
    ["INT64", "9007199254740993", 2n ** 53n + 1n],
    ["INT64", '"9007199254740993"', 2n ** 53n + 1n],
    ["INT64", "1e3", 1000n],
    ["UINT64", "18446744073709551615", 2n ** 64n - 1n],
    ["FP16", "0.5", 0x3800],
    ["FP16", "65519", 0x7bff],
    ["FP32", "0.1", Math.fround(0.1)],
    ["FP32", "3.4028235e38", 3.4028234663852886e38],
    ["FP32", "-0", -0],
    ["FP64", "1e-320", 1e-320],
    ["BYTES", '"NaN"', "NaN"],
  ])("reads %s %s", (datatype, json, value) => {
    expect(elements(datatype, json)).toEqual([value]);
  });

  test("reads floats beside exact 64-bit integers", () => {
    const body = `{"inputs":[{"name":"i","datatype":"INT64","shape":[],"data":[9007199254740993]},
      {"name":"f","datatype":"FP64","shape":[2],"data":[12345678901234567000,0.123456789012345]}]}`;
    const model = {
      inputs: [
        { name: "i", datatype: "INT64", shape: [] },
        { name: "f", datatype: "FP64", shape: [-1] },
      ],
      outputs: [],
    } as const;
    expect(decode(body, { model }).inputs.map((input) => input.data)).toEqual([
      new BigInt64Array([2n ** 53n + 1n]),
      new Float64Array([12_345_678_901_234_567_000, 0.123_456_789_012_345]),
    ]);
  });

  test.each([
    [[0, 3], "[]"],
    [[2, 0], "[]"],
    [[2, 0], "[[],[]]"],
    [[], "[7]"],
  ])("reads shape %j from %s", (shape, data) => {
    const body = `{"inputs":[{"name":"x","datatype":"UINT8","shape":${JSON.stringify(shape)},"data":${data}}]}`;
    const model = one(
      "UINT8",
      shape.map(() => -1),
    );
    expect(decode(body, { model }).inputs[0]?.data).toEqual(
      new Uint8Array(shape.length === 0 ? [7] : []),
    );
  });
});

describe("decodeInferRequest, JSON that it refuses", () => {
  const noInputs: unknown = { inputs: [] };
  test.each<[string, unknown, ErrorCode, string]>([
    ["an empty body", "", "ERR_BODY_MALFORMED", "the body is empty"],
    ["malformed JSON", "{", "ERR_BODY_MALFORMED", "not JSON"],
    ["a body that is no object", "[1]", "ERR_BODY_MALFORMED", "an array"],
    ["bytes that are not UTF-8", Buffer.from([0x7b, 0xff]), "ERR_BODY_MALFORMED", "not UTF-8"],
    ["no inputs", {}, "ERR_BODY_MALFORMED", "inputs: got nothing"],
    ["a missing input", noInputs, "ERR_INPUT_INVALID", '"a" is missing'],
    ["an id that is no string", { id: 1, inputs: [A, B] }, "ERR_BODY_MALFORMED", "id: got 1"],
    ["an input that is no object", { inputs: [1] }, "ERR_INPUT_INVALID", "inputs[0]: got 1"],
    ["a nameless input", { inputs: [{}] }, "ERR_INPUT_INVALID", "inputs[0].name"],
    ["an unknown input", { inputs: [{ name: "c" }] }, "ERR_INPUT_INVALID", 'inputs[0] ("c")'],
    ["a repeated input", { inputs: [A, A] }, "ERR_INPUT_INVALID", 'inputs[1] ("a")'],
    [
      "parameters that are no object",
      { inputs: [A, B], parameters: [] },
      "ERR_BODY_MALFORMED",
      "request.parameters",
    ],
    [
      "a flag that is no boolean",
      { inputs: [A, B], parameters: { binary_data_output: "yes" } },
      "ERR_BODY_MALFORMED",
      "binary_data_output",
    ],
    ["outputs that are no list", { inputs: [A, B], outputs: "y" }, "ERR_BODY_MALFORMED", "outputs"],
    [
      "an unknown output",
      { inputs: [A, B], outputs: [{ name: "y" }, { name: "w" }] },
      "ERR_OUTPUT_UNKNOWN",
      'outputs[1] ("w")',
    ],
    [
      "a repeated output",
      { inputs: [A, B], outputs: [{ name: "y" }, { name: "y" }] },
      "ERR_BODY_MALFORMED",
      'outputs[1] ("y")',
    ],
    [
      "classification",
      { inputs: [A, B], outputs: [{ name: "y", parameters: { classification: 3 } }] },
      "ERR_BODY_MALFORMED",
      'outputs[0] ("y").parameters.classification',
    ],
    [
      "shared memory of an output",
      { inputs: [A, B], outputs: [{ name: "y", parameters: { shared_memory_region: "r" } }] },
      "ERR_BODY_MALFORMED",
      "shared_memory_region",
    ],
  ])("refuses %s", (...[, body, code, field]) => {
    const refused = refusal(() => decode(body));
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(field);
  });

  test.each<[string, object, string]>([
    ["another datatype", { datatype: "INT16" }, ".datatype: got INT16, the model takes INT8"],
    ["no datatype", { datatype: "int8" }, '.datatype: got "int8"'],
    ["another rank", { shape: [4] }, ".shape: got [4], the model takes [-1, 2]"],
    ["another fixed dimension", { shape: [1, 4] }, ".shape: got [1, 4]"],
    ["a negative dimension", { shape: [-2, 2] }, ".shape[0]: got -2"],
    ["a fractional dimension", { shape: [1.5, 2] }, ".shape[0]: got 1.5"],
    ["a dimension of text", { shape: ["2", 2] }, '.shape[0]: got "2"'],
    ["no shape", { shape: undefined }, ".shape: got nothing"],
    ["a huge dimension", { shape: [1e15, 2] }, ".shape: [1000000000000000, 2] is too large"],
    ["dimensions that overflow", { shape: [2 ** 40, 2 ** 40] }, ".shape"],
    ["a dimension beyond 2^53", { shape: [1e300, 2] }, ".shape[0]"],
    ["a hundred dimensions", { shape: Array.from({ length: 100 }, () => 1) }, ".shape"],
    ["too few elements", { data: [1] }, ".data: got 1 element, the shape [2, 2] takes 4"],
    ["data that is no array", { data: 1 }, ".data: got 1"],
    ["no data", { data: undefined }, ".data: it is missing"],
    ["an element out of range", { data: [1, 2, 3, 300] }, ".data[3]: got 300, INT8 takes whole"],
    ["a fraction", { data: [1, 1.5, 3, 4] }, ".data[1]: got 1.5"],
    ["text for a number", { data: [1, "2", 3, 4] }, '.data[1]: got "2"'],
    ["null", { data: [null, 2, 3, 4] }, ".data[0]: got null"],
    ["true for a number", { data: [true, 2, 3, 4] }, ".data[0]: got true"],
    [
      "a nested element out of range",
      {
        data: [
          [1, 2],
          [3, 300],
        ],
      },
      ".data[1][1]: got 300",
    ],
    ["ragged rows", { data: [[1, 2], [3]] }, ".data[1]: got 1 entries"],
    ["rows beside elements", { data: [[1, 2], 3] }, ".data[1]: got 3"],
    ["elements beside rows", { data: [1, [2], 3, 4] }, ".data[1]: got an array"],
    [
      "rows nested too deeply",
      {
        data: [
          [[1], [2]],
          [[3], [4]],
        ],
      },
      ".data[0][0]: got an array",
    ],
    [
      "shared memory",
      { data: undefined, parameters: { shared_memory_region: "r" } },
      ".parameters.shared_memory_region",
    ],
    ["data and bytes at once", { parameters: { binary_data_size: 4 } }, "binary_data_size"],
    [
      "a size that is no whole number",
      { data: undefined, parameters: { binary_data_size: "4" } },
      '.parameters.binary_data_size: got "4"',
    ],
  ])("refuses %s by the input's path and name", (_, change, field) => {
    const refused = refusal(() => decode({ inputs: [{ ...A, ...change }, B] }));
    expect(refused.code).toBe("ERR_INPUT_INVALID");
    expect(refused.message).toContain(`inputs[0] ("a")${field.startsWith(".") ? field : ""}`);
    expect(refused.message).toContain(field);
  });

  test.each<[Datatype, string]>([
    ["FP32", "1e39"],
    ["FP32", '"NaN"'],
    ["FP32", "null"],
    ["FP64", "1e400"],
    ["FP16", "65520"],
    ["INT64", "9223372036854775808"],
    ["INT64", "1e18"],
    ["INT64", "9007199254740993.0"],
    ["INT64", '"12x"'],
    ["INT64", "99999999999999999999999999"],
    ["UINT64", "-1"],
    ["UINT64", "18446744073709551616"],
    ["BOOL", "2"],
    ["BOOL", '"true"'],
    ["BYTES", "1"],
    ["BYTES", '"\\ud800"'],
  ])("refuses %s %s and names the element", (datatype, json) => {
    const refused = refusal(() => elements(datatype, json));
    expect(refused.code).toBe("ERR_INPUT_INVALID");
    expect(refused.message).toContain('inputs[0] ("x").data[0]: got ');
    expect(refused.message).toContain(`${datatype} takes`);
  });

  test.each(["NaN", "Infinity", "-Infinity"])("refuses a bare %s and names the field", (token) => {
    const text = JSON.stringify({ inputs: [{ ...A, name: 'NaN "a"' }, B] });
    const body = text.replace("0.5,-1", `0.5,${token}`).replace('NaN \\"a\\"', "a");
    const refused = refusal(() => decode(body));
    expect(refused.code).toBe("ERR_BODY_MALFORMED");
    expect(refused.message).toContain(`a bare ${token}`);
    expect(refused.message).toContain('inputs[1] ("b").data[1]');
  });

  test("does not take NaN in a string for a token", () => {
    const body = '{"id":"\\"NaN Infinity","inputs":[NaN]}';
    expect(refusal(() => decode(body)).message).toContain("inputs[0]: got null");
  });

  test("refuses a bare NaN where nothing reads it", () => {
    const text = JSON.stringify({ inputs: [A, B], parameters: { x: 1 } });
    expect(refusal(() => decode(text.replace('"x":1', '"x":NaN'))).code).toBe("ERR_BODY_MALFORMED");
  });

  test("refuses arrays nested fifty thousand times", () => {
    const deep = "[".repeat(50_000) + "9007199254740993" + "]".repeat(50_000);
    const body = `{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":${deep}}]}`;
    const model = one("INT64", [-1]);
    expect(refusal(() => decode(body, { model })).code).toBe("ERR_INPUT_INVALID");
    const beside = `{"x":${deep},"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}`;
    expect(refusal(() => decode(beside, { model })).code).toBe("ERR_BODY_MALFORMED");
  });

  test.each([
    ["more arrays than memory is kept for", `{"inputs":[${"[],".repeat(1_100_000)}0]}`],
    ["more JSON than memory is kept for", `{"inputs":[${" ".repeat(17_000_000)}]}`],
  ])("refuses %s", (_, body) => {
    expect(refusal(() => decode(body)).code).toBe("ERR_BODY_TOO_LARGE");
  });

  test("counts no brackets in strings", () => {
    const id = '[{\\"'.repeat(600_000);
    expect(decode(`{"id":"${id}","inputs":${JSON.stringify([A, B])}}`).id).toHaveLength(1_800_000);
  });

  test("refuses more texts than memory is kept for", () => {
    const input = { name: "x", datatype: "BYTES", shape: [3_000_000], data: [] };
    const attempt = () => decode({ inputs: [input] }, { model: one("BYTES", [-1]) });
    expect(refusal(attempt).message).toContain('inputs[0] ("x").shape: [3000000] is too large');
  });

  test("refuses inputs that are too large together", () => {
    const model: ModelSignature = {
      inputs: ["p", "q"].map((name) => ({ name, datatype: "UINT8", shape: [-1] })),
      outputs: [],
    };
    const inputs = model.inputs.map(({ name, datatype }) => {
      return { name, datatype, shape: [9_000_000], data: [] };
    });
    expect(refusal(() => decode({ inputs }, { model })).code).toBe("ERR_BODY_TOO_LARGE");
  });

  test("refuses a content type that holds no tensors", () => {
    for (const contentType of ["multipart/form-data; boundary=x", "text/html", "image/png"]) {
      const headers = { "content-type": contentType };
      const refused = refusal(() => decode({ inputs: [A, B] }, { headers }));
      expect(refused.code).toBe("ERR_ENCODING_UNSUPPORTED");
    }
  });
});
