import { invariant, PilotlightError } from "@pilotlight/core";

import type { HttpMessage } from "./body.ts";
import type { InferRequest } from "./infer-request.ts";
import type { Tensor } from "./tensor.ts";
import type { JsonObject } from "./wire-tensor.ts";

import { splitBody } from "./frame.ts";
import { parseExactJson, parseJson } from "./json-text.ts";
import { at, refusal, shown } from "./place.ts";
import { encodeEntries, frameBinary } from "./wire-message.ts";
import { isJsonObject, readElements, readName, readWireTensor } from "./wire-tensor.ts";

/** What an answer is made of. */
export interface InferResponseParts {
  readonly model: string;
  readonly version: string;
  readonly id?: string;
  /** At least the outputs that the request asks for, in any order. */
  readonly outputs: readonly Tensor[];
  readonly request: InferRequest;
}

/** An answer as a client sees it. */
export interface InferResponse {
  readonly id?: string;
  readonly modelName: string;
  /** Empty where the server keeps no versions. */
  readonly modelVersion: string;
  readonly outputs: readonly Tensor[];
}

const BODY = { path: "the answer", code: "ERR_BODY_MALFORMED" } as const;

/**
 * Encodes the answer to an inference request: the outputs asked for, in that order, as JSON or in binary.
 *
 * In JSON, FP32 and FP16 print the shortest decimal that reads back as the same float, INT64 and UINT64 all their
 * digits; NaN and infinities print as the strings "NaN", "Infinity" and "-Infinity", negative zero as -0.
 *
 * @returns Headers in lower case, and a string when every output is JSON, else bytes.
 * @see https://github.com/kserve/open-inference-protocol, inference_rest.md, "Inference Response JSON Object"
 */
export function encodeInferResponse(parts: InferResponseParts): {
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;
} {
  const { model, version, id, outputs, request } = parts;
  const byName = new Map(outputs.map((tensor) => [tensor.name, tensor]));
  const { json, tail } = encodeEntries(
    request.outputs.map(({ name, isBinary }) => {
      const tensor = byName.get(name);
      invariant(tensor !== undefined, `the model gave no output "${name}"`);
      return { tensor, isBinary };
    }),
  );
  const idMember = id === undefined ? "" : `"id":${JSON.stringify(id)},`;
  const names = `"model_name":${JSON.stringify(model)},"model_version":${JSON.stringify(version)}`;
  const text = `{${names},${idMember}"outputs":[${json}]}`;
  return tail.length > 0
    ? frameBinary(text, tail)
    : { headers: { "content-type": "application/json" }, body: text };
}

/**
 * Decodes an answer, JSON or binary. Floats given as "NaN", "Infinity" or "-Infinity" are read as such.
 *
 * @param message - The body, decompressed, and its headers in lower case.
 * @throws PilotlightError ERR_BODY_MALFORMED when it is no answer of the protocol, ERR_HEADER_INVALID when
 *   Inference-Header-Content-Length does not fit, ERR_INFERENCE_FAILED when it is an error of the server's.
 */
export function decodeInferResponse(message: HttpMessage): InferResponse {
  const frame = splitBody(message);
  if (frame.kind === "raw") throw refusal(BODY, "it is raw bytes, JSON is expected");
  const { value, text } = parseJson(frame.text, "an inference answer in JSON");
  if (!isJsonObject(value)) throw refusal(BODY, `got ${shown(value)}, an object is expected`);
  const { error, id } = value;
  if (typeof error === "string") {
    throw new PilotlightError("ERR_INFERENCE_FAILED", `the server refused: ${error}`);
  }
  const modelName = stringMember(value, "model_name");
  if (modelName === undefined) throw refusal(at(BODY, ".model_name"), "it is missing");
  const modelVersion = stringMember(value, "model_version") ?? "";
  // Answers are read by clients and tests, which can afford the exact parser whenever there are long digits.
  const exact = /\d{16}/.test(text) ? parseExactJson(text) : value;
  const outputs = readOutputs(isJsonObject(exact) ? exact["outputs"] : undefined, frame.tail);
  return {
    ...(typeof id === "string" ? { id } : {}),
    modelName,
    modelVersion,
    outputs,
  };
}

function stringMember(value: JsonObject, name: string): string | undefined {
  const member = value[name];
  if (member === undefined || typeof member === "string") return member;
  throw refusal(at(BODY, `.${name}`), `got ${shown(member)}, a string is expected`);
}

function readOutputs(value: unknown, tail: Uint8Array | undefined): readonly Tensor[] {
  const place = { path: "outputs", code: "ERR_BODY_MALFORMED" } as const;
  if (!Array.isArray(value)) throw refusal(place, `got ${shown(value)}, an array is expected`);
  const wires = value.map((entry: unknown, index) =>
    readWireTensor(readName(entry, at(place, `[${index}]`))),
  );
  const elements = readElements(wires, { tail, nonFinite: "named" });
  return wires.map(({ name, datatype, shape }, index) => {
    return { name, datatype, shape, data: elements[index] ?? [] };
  });
}
