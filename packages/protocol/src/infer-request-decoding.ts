import { formatBytes, isPilotlightError, PilotlightError } from "@pilotlight/core";

import type { HttpMessage } from "./body.ts";
import type { InferRequest } from "./infer-request.ts";
import type { ParsedJson } from "./json-text.ts";
import type { ModelSignature, TensorSpec } from "./tensor.ts";
import type { WireTensor } from "./wire-tensor.ts";

import { checkContentType, decompressed } from "./body.ts";
import { DATATYPES, elementCount } from "./datatypes.ts";
import { splitBody } from "./frame.ts";
import { checkContainers, parseExactJson, parseJson } from "./json-text.ts";
import { at, refusal, shown, shownNames, shownShape } from "./place.ts";
import { decodeRawRequest } from "./raw-request.ts";
import { memoryBytesPerElement, REQUEST_LIMITS } from "./request-limits.ts";
import { readRequestedOutputs } from "./requested-outputs.ts";
import { checkShape, checkSize, RANK_MAX } from "./shape.ts";
import {
  isJsonObject,
  readElements,
  readFlag,
  readName,
  readParameters,
  readWireTensor,
} from "./wire-tensor.ts";

const ACCEPTED =
  'an inference request in JSON, {"inputs": [...]}, or raw tensor bytes with the header Inference-Header-Content-Length: 0';
const BODY = { path: "the body", code: "ERR_BODY_MALFORMED" } as const;

/**
 * Decodes the body of an inference request and checks it against the model: JSON, JSON with binary tensors, or the
 * raw bytes of a single input (`Inference-Header-Content-Length: 0`), plain or compressed.
 *
 * JSON data may be flat or nested. 64-bit integers are exact when written in digits or as decimal strings. Binary
 * tensors are views of the body where alignment allows.
 *
 * @param message - The body and its headers in lower case.
 * @param signature - What the model takes and gives.
 * @throws PilotlightError ERR_BODY_MALFORMED, ERR_INPUT_INVALID, ERR_OUTPUT_UNKNOWN, ERR_HEADER_INVALID,
 *   ERR_ENCODING_UNSUPPORTED or ERR_BODY_TOO_LARGE; the message names the field by its path and name.
 * @see https://github.com/kserve/open-inference-protocol, inference_rest.md, "Inference Request JSON Object"; binary
 *   tensors: github.com/triton-inference-server/server, docs/protocol/extension_binary_data.md
 */
export function decodeInferRequest(message: HttpMessage, signature: ModelSignature): InferRequest {
  const { headers } = message;
  checkContentType(headers);
  const frame = splitBody({ body: decompressed(message), headers });
  if (frame.kind === "raw") return decodeRawRequest(frame.bytes, signature);
  checkContainers(frame.text);
  const parsed = parseJson(frame.text, ACCEPTED);
  if (parsed.bareToken !== undefined) return refuseBareToken(parsed, frame.tail, signature);
  return readRequest(exactValue(parsed, signature), frame.tail, signature);
}

/** JSON has no NaN: where the field that holds it can be told, the refusal names it. */
function refuseBareToken(
  { value, bareToken }: ParsedJson,
  tail: Uint8Array | undefined,
  signature: ModelSignature,
): never {
  let problem = "";
  try {
    readRequest(value, tail, signature);
  } catch (error) {
    if (!isPilotlightError(error)) throw error;
    problem = `: ${error.message}`;
  }
  throw new PilotlightError(
    "ERR_BODY_MALFORMED",
    `the body is not JSON: it holds a bare ${bareToken}, read as null here; send numbers, or the tensor in binary (binary tensor data extension), which carries NaN and Infinity${problem}`,
  );
}

function readRequest(
  value: unknown,
  tail: Uint8Array | undefined,
  signature: ModelSignature,
): InferRequest {
  if (!isJsonObject(value)) {
    throw refusal(BODY, `got ${shown(value)}, an object {"inputs": [...]} is expected`);
  }
  const { id } = value;
  if (id !== undefined && typeof id !== "string") {
    throw refusal({ ...BODY, path: "id" }, `got ${shown(id)}, a string is expected`);
  }
  const top = { ...BODY, path: "request" };
  const hasBinaryOutput = readFlag(readParameters(value, top), "binary_data_output", top) ?? false;
  const wires = readInputs(value["inputs"], signature);
  const outputs = readRequestedOutputs(value["outputs"], { signature, hasBinaryOutput });
  const elements = readElements(wires, { tail, nonFinite: "refused" });
  const inputs = wires.map(({ name, datatype, shape }, index) => {
    return { name, datatype, shape, data: elements[index] ?? [] };
  });
  return { ...(id === undefined ? {} : { id }), inputs, outputs, hasBinaryOutput };
}

function readInputs(value: unknown, signature: ModelSignature): readonly WireTensor[] {
  if (!Array.isArray(value)) {
    throw refusal({ ...BODY, path: "inputs" }, `got ${shown(value)}, an array is expected`);
  }
  const specs = new Map(signature.inputs.map((spec) => [spec.name, spec]));
  const missing = new Map(specs);
  const wires = value.map((entry: unknown, index) => {
    const named = readName(entry, { path: `inputs[${index}]`, code: "ERR_INPUT_INVALID" });
    const spec = specs.get(named.name);
    if (spec === undefined) {
      const accepted = shownNames([...specs.keys()]);
      throw refusal(named.place, `the model has no such input; accepted: ${accepted}`);
    }
    if (!missing.delete(named.name)) throw refusal(named.place, "the input is given twice");
    const wire = readWireTensor(named);
    checkWire(wire, spec);
    return wire;
  });
  const [absent] = missing.values();
  if (absent !== undefined) {
    const place = { path: "inputs", code: "ERR_INPUT_INVALID" } as const;
    const spec = `${absent.datatype} ${shownShape(absent.shape)}`;
    throw refusal(place, `${shown(absent.name)} is missing, the model takes it as ${spec}`);
  }
  checkTotal(wires);
  return wires;
}

function checkWire({ datatype, shape, place }: WireTensor, spec: TensorSpec): void {
  if (datatype !== spec.datatype) {
    throw refusal(at(place, ".datatype"), `got ${datatype}, the model takes ${spec.datatype}`);
  }
  checkShape(shape, spec, at(place, ".shape"));
  checkSize(shape, datatype, at(place, ".shape"));
}

function checkTotal(wires: readonly WireTensor[]): void {
  let elements = 0;
  let bytes = 0;
  for (const { datatype, shape } of wires) {
    const count = elementCount(shape);
    elements += count;
    bytes += count * memoryBytesPerElement(datatype);
  }
  const { elementsMax, tensorBytesMax } = REQUEST_LIMITS;
  if (elements <= elementsMax && bytes <= tensorBytesMax) return;
  throw new PilotlightError(
    "ERR_BODY_TOO_LARGE",
    `inputs: they hold ${elements} elements in ${formatBytes(bytes)}, a request holds at most ${elementsMax} in ${formatBytes(tensorBytesMax)}; send a smaller batch`,
  );
}

/** A double loses digits beyond 2^53: only a request that holds such a number pays for the exact parser. */
function exactValue({ value, text }: ParsedJson, signature: ModelSignature): unknown {
  const hasBigints = signature.inputs.some(({ datatype }) => DATATYPES[datatype].kind === "bigint");
  if (!hasBigints || !isJsonObject(value) || !Array.isArray(value["inputs"])) return value;
  const isInexact = value["inputs"].some(
    (input: unknown) =>
      isJsonObject(input) &&
      (input["datatype"] === "INT64" || input["datatype"] === "UINT64") &&
      holdsUnsafeInteger(input["data"], RANK_MAX),
  );
  return isInexact ? parseExactJson(text) : value;
}

function holdsUnsafeInteger(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Math.abs(value) > Number.MAX_SAFE_INTEGER;
  if (!Array.isArray(value) || depth === 0) return false;
  return value.some((element: unknown) => holdsUnsafeInteger(element, depth - 1));
}
