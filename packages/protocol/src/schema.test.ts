import { PilotlightError } from "@pilotlight/core";
import { Ajv } from "ajv";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import type { Datatype, Tensor } from "./tensor.ts";

import {
  DATATYPES,
  encodeError,
  encodeInferRequest,
  encodeInferResponse,
  encodeMetadata,
} from "./index.ts";

const shared =
  process.env["PILOTLIGHT_SHARED"] ?? resolve(import.meta.dirname, "../../../../shared");
const specPath = join(shared, "oip/spec/open_inference_rest.yaml");
const hasShared = existsSync(specPath);

/** Problems that a schema of the specification finds in a value. */
function problems(schemaName: string, value: unknown): unknown {
  const ajv = new Ajv({ strict: false });
  ajv.addSchema(parse(readFileSync(specPath, "utf8")) as object, "oip");
  const validate = ajv.compile({ $ref: `oip#/components/schemas/${schemaName}` });
  validate(value);
  return validate.errors;
}

/** One tensor of every datatype. */
const tensors: readonly Tensor[] = Object.entries(DATATYPES).map(([name, { typedArray }]) => {
  const data = typedArray === undefined ? ["a", "ż"] : new typedArray(2);
  return { name, datatype: name as Datatype, shape: [2, 1], data };
});
const signature = { inputs: tensors, outputs: tensors };

describe.skipIf(!hasShared)("schemas of the specification (needs the shared folder)", () => {
  test("the schemas refuse what is wrong", () => {
    expect(problems("inference_response", { model_name: "m" })).toHaveLength(1);
  });

  test("a JSON answer with every datatype is valid, NaN included", () => {
    const nan: Tensor = {
      name: "n",
      datatype: "FP32",
      shape: [1],
      data: new Float32Array([Number.NaN]),
    };
    const outputs = [...tensors, nan];
    const request = {
      inputs: [],
      outputs: outputs.map(({ name }) => ({ name, isBinary: false })),
      hasBinaryOutput: false,
    };
    const { body } = encodeInferResponse({ model: "m", version: "1", id: "1", outputs, request });
    expect(problems("inference_response", JSON.parse(String(body)))).toBeNull();
  });

  test("a JSON request with every datatype is valid", () => {
    const { body } = encodeInferRequest({ inputs: tensors, outputs: ["y"], isBinary: false });
    expect(problems("inference_request", JSON.parse(Buffer.from(body).toString()))).toBeNull();
  });

  test("a model's metadata is valid", () => {
    const metadata = encodeMetadata({ name: "m", version: "1", signature });
    expect(problems("metadata_model_response", metadata)).toBeNull();
  });

  test("an error is valid", () => {
    const { body } = encodeError(new PilotlightError("ERR_MODEL_UNKNOWN", "no such model"));
    expect(problems("inference_error_response", JSON.parse(body))).toBeNull();
  });
});
