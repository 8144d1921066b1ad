import { readFileSync } from "node:fs";
import { join } from "node:path";

import { decodeInferResponse, encodeInferRequest } from "@pilotlight/protocol";
import type { Tensor } from "@pilotlight/protocol";

import type { HttpQuestion } from "./http.ts";
import { fromValues } from "./io-tensor.ts";
import { REPOSITORY } from "./repository.ts";

/** A model of the repository. */
export type SampleModel = "digits" | "biopsy";

interface TensorsFile {
  readonly inputs?: readonly JsonTensor[];
  readonly outputs?: readonly JsonTensor[];
}

/** A tensor as JSON bodies have it. */
export type JsonTensor = Omit<Tensor, "data"> & { readonly data: readonly unknown[] };

/** The inputs of a model's sample.json. */
export function sampleInputs(model: SampleModel): readonly JsonTensor[] {
  return flat(readSample(model, "sample.json").inputs);
}

/** The outputs that a model's sample.json is answered with. */
export function expectedOutputs(model: SampleModel): readonly Tensor[] {
  return flat(readSample(model, "expected.json").outputs).map((tensor) => ({
    ...tensor,
    data: fromValues(tensor.datatype, tensor.data),
  }));
}

/** A request in JSON that the model answers. */
export function jsonSample(model: SampleModel): HttpQuestion {
  return {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: sampleInputs(model) }),
  };
}

/** The same request in binary. */
export function binarySample(model: SampleModel): HttpQuestion {
  const inputs = sampleInputs(model).map((tensor) => ({
    ...tensor,
    data: fromValues(tensor.datatype, tensor.data),
  }));
  return encodeInferRequest({ inputs, isBinary: true });
}

/** A picture of a seven. */
export function sevenPng(): Buffer {
  return readFileSync(join(REPOSITORY, "models/digits/seven.png"));
}

/** Reads the tensors of an answer, JSON or binary. */
export function outputsOf(answer: {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}): readonly Tensor[] {
  return decodeInferResponse(answer).outputs;
}

function readSample(model: SampleModel, file: string): TensorsFile {
  const path = join(REPOSITORY, "models", model, file);
  return JSON.parse(readFileSync(path, "utf8")) as TensorsFile;
}

function flat(tensors: readonly JsonTensor[] = []): readonly JsonTensor[] {
  return tensors.map((tensor) => ({ ...tensor, data: tensor.data.flat(tensor.shape.length) }));
}
