import type { JsonObject } from "./wire-tensor.ts";
import type { ModelSignature } from "./tensor.ts";
import type { RequestedOutput } from "./infer-request.ts";
import type { Place } from "./place.ts";

import { at, refusal, shown, shownNames } from "./place.ts";
import { readFlag, readName, readParameters } from "./wire-tensor.ts";

/** What decides about outputs besides the request's list of them. */
export interface OutputDefaults {
  readonly signature: ModelSignature;
  /** Holds for each output that does not say otherwise (`parameters.binary_data`). */
  readonly hasBinaryOutput: boolean;
}

/**
 * Reads which outputs a request asks for: all of the model's, in its order, when it names none.
 *
 * @throws PilotlightError ERR_OUTPUT_UNKNOWN for a name that the model does not have, ERR_BODY_MALFORMED for a list
 *   that cannot be read, an output given twice, shared memory, or the classification extension.
 */
export function readRequestedOutputs(
  value: unknown,
  { signature, hasBinaryOutput }: OutputDefaults,
): readonly RequestedOutput[] {
  const names = signature.outputs.map((output) => output.name);
  const place = { path: "outputs", code: "ERR_BODY_MALFORMED" } as const;
  if (value !== undefined && !Array.isArray(value)) {
    throw refusal(place, `got ${shown(value)}, an array is expected`);
  }
  if (value === undefined || value.length === 0) {
    return names.map((name) => ({ name, isBinary: hasBinaryOutput }));
  }
  const pending = new Set(names);
  return value.map((entry: unknown, index) => {
    const named = readName(entry, at(place, `[${index}]`));
    if (!names.includes(named.name)) {
      throw refusal(
        { path: named.place.path, code: "ERR_OUTPUT_UNKNOWN" },
        `the model has no such output; accepted: ${shownNames(names)}`,
      );
    }
    if (!pending.delete(named.name)) throw refusal(named.place, "the output is named twice");
    const isBinary = readIsBinary(named.fields, named.place) ?? hasBinaryOutput;
    return { name: named.name, isBinary };
  });
}

function readIsBinary(fields: JsonObject, place: Place): boolean | undefined {
  const parameters = readParameters(fields, place);
  // 0 turns the extension off, as absence does.
  if (parameters["classification"] !== undefined && parameters["classification"] !== 0) {
    throw refusal(
      at(place, ".parameters.classification"),
      "the classification extension is not supported; leave it out and rank the output's values yourself",
    );
  }
  return readFlag(parameters, "binary_data", place);
}
