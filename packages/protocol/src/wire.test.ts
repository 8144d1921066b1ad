import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

import type { ModelSignature, Tensor, TensorSpec } from "./tensor.ts";

import { HEADER_LENGTH } from "./frame.ts";
import {
  decodeInferRequest,
  decodeInferResponse,
  encodeInferRequest,
  encodeInferResponse,
} from "./index.ts";

interface WireCase {
  readonly model: string;
  readonly case: string;
  readonly mode: "json" | "binary" | "mixed" | "raw";
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly responseBinary: boolean;
  readonly expectedOutputs: readonly (TensorSpec & { readonly binaryFile: string })[];
}

const shared =
  process.env["PILOTLIGHT_SHARED"] ?? resolve(import.meta.dirname, "../../../../shared");
const wire = join(shared, "oip/wire");
const hasShared = existsSync(join(wire, "index.json"));

function readCases(): readonly WireCase[] {
  if (!hasShared) return [];
  return JSON.parse(readFileSync(join(wire, "index.json"), "utf8")) as readonly WireCase[];
}

function signatureOf(model: string): ModelSignature {
  const io = JSON.parse(
    readFileSync(join(shared, "models", model, "io.json"), "utf8"),
  ) as ModelSignature;
  return { inputs: io.inputs, outputs: io.outputs };
}

function decode({ model, body, headers }: WireCase): ReturnType<typeof decodeInferRequest> {
  const lowerCase = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return decodeInferRequest(
    { body: readFileSync(join(wire, body)), headers: lowerCase },
    signatureOf(model),
  );
}

/** The bytes after the JSON. */
function tailOf(body: Uint8Array, headers: Readonly<Record<string, string>>): Buffer {
  const entry = Object.entries(headers).find(([name]) => name.toLowerCase() === HEADER_LENGTH);
  return Buffer.from(body).subarray(Number(entry?.[1]));
}

/** What a model would give: the expected bytes as tensors of the response's datatypes. */
function expectedTensors(each: WireCase): readonly Tensor[] {
  const outputs = each.expectedOutputs.map(({ name, datatype, shape, binaryFile }) => {
    const bytes = readFileSync(join(wire, binaryFile));
    const entry = { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
    return { bytes, entry };
  });
  const json = Buffer.from(
    JSON.stringify({ model_name: "m", outputs: outputs.map(({ entry }) => entry) }),
  );
  const body = Buffer.concat([json, ...outputs.map((output) => output.bytes)]);
  const headers = { "inference-header-content-length": String(json.length) };
  return decodeInferResponse({ body, headers }).outputs;
}

describe.skipIf(!hasShared)("request bodies of other clients (needs the shared folder)", () => {
  const cases = readCases();

  test("there are cases of every mode", () => {
    expect(new Set(cases.map((each) => each.mode))).toEqual(
      new Set(["json", "binary", "mixed", "raw"]),
    );
  });

  test.each(cases)("$model $case $mode decodes to its tensors", (each) => {
    const { inputs, outputs } = decode(each);
    const names = signatureOf(each.model).outputs.map((output) => output.name);
    expect(outputs).toEqual(names.map((name) => ({ name, isBinary: each.responseBinary })));
    for (const input of inputs) {
      expect(input.data).toHaveLength(input.shape.reduce((product, size) => product * size, 1));
    }
  });

  test.each(cases.filter((each) => each.mode === "binary"))(
    "$model $case $mode is encoded with the same bytes after the JSON",
    (each) => {
      const again = encodeInferRequest({ inputs: decode(each).inputs, isBinary: true });
      const original = readFileSync(join(wire, each.body));
      const isEqual = tailOf(again.body, again.headers).equals(tailOf(original, each.headers));
      expect(isEqual).toBe(true);
    },
  );

  test.each(cases.filter((each) => each.mode !== "binary"))(
    "$model $case $mode holds the same tensors as the binary body",
    (each) => {
      const binary = cases.find(
        (other) =>
          other.model === each.model && other.case === each.case && other.mode === "binary",
      );
      expect(binary).toBeDefined();
      expect(decode(each).inputs).toEqual(decode(binary as WireCase).inputs);
    },
  );

  test.each(cases.filter((each) => each.mode === "json"))(
    "$model $case $mode survives being encoded as JSON",
    (each) => {
      const { inputs } = decode(each);
      const again = encodeInferRequest({ inputs, isBinary: false });
      expect(decodeInferRequest(again, signatureOf(each.model)).inputs).toEqual(inputs);
    },
  );

  test.each(cases)("the answer to $model $case $mode holds the expected bytes", (each) => {
    const expected = expectedTensors(each);
    const outputs = expected.map(({ name }) => ({ name, isBinary: each.responseBinary }));
    const request = { inputs: [], outputs, hasBinaryOutput: each.responseBinary };
    const { headers, body } = encodeInferResponse({
      model: each.model,
      version: "1",
      outputs: expected,
      request,
    });
    const bytes = Buffer.from(body);
    expect(decodeInferResponse({ body: bytes, headers }).outputs).toEqual(expected);
    if (!each.responseBinary) return;
    const files = each.expectedOutputs.map((output) => readFileSync(join(wire, output.binaryFile)));
    expect(tailOf(bytes, headers).equals(Buffer.concat(files))).toBe(true);
  });
});
