import type { NonFinite } from "./json-elements.ts";
import type { Place } from "./place.ts";
import type { Datatype, TensorData } from "./tensor.ts";

import { elementsFromBytes } from "./binary-elements.ts";
import { DATATYPES, isDatatype } from "./datatypes.ts";
import { elementsFromJson } from "./json-elements.ts";
import { at, refusal, shown } from "./place.ts";
import { readShape } from "./shape.ts";

/** One entry of a body's `inputs` or `outputs` whose fields have the right kinds, its elements not yet read. */
export interface WireTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** The JSON data; absent where the elements are in the bytes after the JSON. */
  readonly data?: unknown;
  /** Size of the elements after the JSON; absent where they are in `data`. */
  readonly binaryBytes?: number;
  readonly place: Place;
}

/** A parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether `value` is a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads the `parameters` of a body, an input or an output.
 *
 * @throws PilotlightError with the place's code when they are no object, or name a region of shared memory.
 */
export function readParameters(owner: JsonObject, place: Place): JsonObject {
  const parameters = owner["parameters"] ?? {};
  const parametersPlace = at(place, ".parameters");
  if (!isJsonObject(parameters)) {
    throw refusal(parametersPlace, `got ${shown(parameters)}, an object is expected`);
  }
  const shared = Object.keys(parameters).find((name) => name.startsWith("shared_memory_"));
  if (shared !== undefined) {
    throw refusal(
      at(parametersPlace, `.${shared}`),
      "shared memory is not supported; send the tensor as data or with binary_data_size",
    );
  }
  return parameters;
}

/** Reads a boolean parameter. */
export function readFlag(parameters: JsonObject, name: string, place: Place): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw refusal(at(place, `.parameters.${name}`), `got ${shown(value)}, accepted: true or false`);
}

/** Reads an entry's name and puts it into the place: `inputs[0] ("INPUT0")`. */
export function readName(
  entry: unknown,
  place: Place,
): { readonly fields: JsonObject; readonly name: string; readonly place: Place } {
  if (!isJsonObject(entry)) throw refusal(place, `got ${shown(entry)}, an object is expected`);
  const name = entry["name"];
  if (typeof name !== "string") {
    throw refusal(at(place, ".name"), `got ${shown(name)}, a string is expected`);
  }
  return { fields: entry, name, place: at(place, ` (${shown(name)})`) };
}

/**
 * Reads the fields of an entry but its elements.
 *
 * @param named - What {@link readName} gave.
 * @throws PilotlightError with the place's code.
 */
export function readWireTensor({ fields, name, place }: ReturnType<typeof readName>): WireTensor {
  const datatype = fields["datatype"];
  if (!isDatatype(datatype)) {
    throw refusal(
      at(place, ".datatype"),
      `got ${shown(datatype)}, accepted: ${Object.keys(DATATYPES).join(", ")}`,
    );
  }
  const shape = readShape(fields["shape"], at(place, ".shape"));
  const binaryBytes = readParameters(fields, place)["binary_data_size"];
  const { data } = fields;
  if (binaryBytes === undefined) {
    if (data === undefined) {
      throw refusal(at(place, ".data"), "it is missing, and so is parameters.binary_data_size");
    }
    return { name, datatype, shape, data, place };
  }
  const sizePlace = at(place, ".parameters.binary_data_size");
  if (typeof binaryBytes !== "number" || !Number.isSafeInteger(binaryBytes) || binaryBytes < 0) {
    throw refusal(sizePlace, `got ${shown(binaryBytes)}, a whole number of bytes is expected`);
  }
  if (data !== undefined) {
    throw refusal(sizePlace, "the tensor has data as well; give one of the two");
  }
  return { name, datatype, shape, binaryBytes, place };
}

/**
 * Reads the elements of a body's tensors, in order; the binary ones follow each other in `tail`.
 *
 * @param nonFinite - What JSON may hold of NaN and Infinity.
 * @throws PilotlightError with the tensors' code, ERR_HEADER_INVALID included where there is no tail.
 */
export function readElements(
  wires: readonly WireTensor[],
  { tail, nonFinite }: { readonly tail: Uint8Array | undefined; readonly nonFinite: NonFinite },
): readonly TensorData[] {
  checkTail(wires, tail);
  let offset = 0;
  return wires.map(({ datatype, shape, data, binaryBytes, place }) => {
    if (binaryBytes === undefined || tail === undefined) {
      return elementsFromJson(data, { datatype, shape, nonFinite }, at(place, ".data"));
    }
    const bytes = tail.subarray(offset, offset + binaryBytes);
    offset += binaryBytes;
    return elementsFromBytes(bytes, { datatype, shape }, place);
  });
}

function checkTail(wires: readonly WireTensor[], tail: Uint8Array | undefined): void {
  const binary = wires.filter((wire) => wire.binaryBytes !== undefined);
  const [first] = binary;
  if (tail === undefined) {
    if (first === undefined) return;
    throw refusal(
      { path: first.place.path, code: "ERR_HEADER_INVALID" },
      "it has a binary_data_size, and the header Inference-Header-Content-Length, the number of bytes of JSON, is missing",
    );
  }
  const announced = binary.reduce((sum, wire) => sum + (wire.binaryBytes ?? 0), 0);
  if (announced === tail.byteLength) return;
  const names = binary.map((wire) => `${shown(wire.name)} ${wire.binaryBytes}`).slice(0, 12);
  const sizes =
    names.length === 0 ? "no binary_data_size is given" : `binary_data_size: ${names.join(", ")}`;
  const place = first?.place ?? { path: "the body", code: "ERR_BODY_MALFORMED" as const };
  throw refusal(
    place,
    `${tail.byteLength} bytes follow the JSON, ${announced} are announced (${sizes}); check Inference-Header-Content-Length and the sizes`,
  );
}
