import type { InferRequest } from "./infer-request.ts";
import type { Place } from "./place.ts";
import type { ModelSignature, TensorData, TensorSpec } from "./tensor.ts";

import { elementsFromBytes, utf8 } from "./binary-elements.ts";
import { DATATYPES, elementCount } from "./datatypes.ts";
import { refusal, shown, shownShape } from "./place.ts";
import { checkSize } from "./shape.ts";

/**
 * Decodes a body that is nothing but the bytes of the model's only input; the outputs are asked for in binary.
 *
 * One dimension that may vary is deduced from the size. A BYTES input takes the whole body as its one element.
 *
 * @throws PilotlightError ERR_INPUT_INVALID when the model has several inputs, the bytes do not fit its shape, or
 *   several dimensions may vary.
 * @see github.com/triton-inference-server/server, docs/protocol/extension_binary_data.md, "Raw Binary Request"
 */
export function decodeRawRequest(bytes: Uint8Array, signature: ModelSignature): InferRequest {
  const [spec, second] = signature.inputs;
  if (spec === undefined || second !== undefined) {
    throw refusal(
      { path: "the raw body", code: "ERR_INPUT_INVALID" },
      `the model has ${signature.inputs.length} inputs, raw bytes (Inference-Header-Content-Length: 0) are for one; send JSON with binary_data_size for each`,
    );
  }
  const { name, datatype } = spec;
  const place: Place = { path: `the raw body (${shown(name)})`, code: "ERR_INPUT_INVALID" };
  const { shape, data } =
    datatype === "BYTES" ? oneString(bytes, spec, place) : fixed(bytes, spec, place);
  const outputs = signature.outputs.map((output) => ({ name: output.name, isBinary: true }));
  return { inputs: [{ name, datatype, shape, data }], outputs, hasBinaryOutput: true };
}

interface ShapedData {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

function oneString(bytes: Uint8Array, spec: TensorSpec, place: Place): ShapedData {
  if (spec.shape.some((size) => size !== -1 && size !== 1)) {
    throw refusal(
      place,
      `raw bytes are one string, the model takes ${shownShape(spec.shape)}; send JSON`,
    );
  }
  const text = utf8(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), place);
  return { shape: spec.shape.map(() => 1), data: [text] };
}

function fixed(bytes: Uint8Array, spec: TensorSpec, place: Place): ShapedData {
  const shape = deducedShape(bytes.byteLength, spec, place);
  checkSize(shape, spec.datatype, place);
  return { shape, data: elementsFromBytes(bytes, { datatype: spec.datatype, shape }, place) };
}

function deducedShape(bodyBytes: number, spec: TensorSpec, place: Place): readonly number[] {
  const varying = spec.shape.filter((size) => size < 0).length;
  if (varying === 0) return spec.shape;
  const stepBytes =
    elementCount(spec.shape.filter((size) => size >= 0)) * DATATYPES[spec.datatype].bytesPerElement;
  if (varying > 1 || stepBytes === 0) {
    throw refusal(
      place,
      `the sizes of the model's shape ${shownShape(spec.shape)} do not follow from ${bodyBytes} bytes; send JSON with the shape and binary_data_size`,
    );
  }
  if (bodyBytes % stepBytes !== 0) {
    throw refusal(
      place,
      `got ${bodyBytes} bytes, ${spec.datatype} ${shownShape(spec.shape)} takes a multiple of ${stepBytes}`,
    );
  }
  return spec.shape.map((size) => (size < 0 ? bodyBytes / stepBytes : size));
}
