import type { Place } from "./place.ts";
import type { Datatype, Tensor, TensorData, TensorSpec } from "./tensor.ts";

import { DATATYPES, elementCount, isDatatype } from "./datatypes.ts";
import { elementsFromJson } from "./json-elements.ts";
import { at, refusal, shown, shownShape } from "./place.ts";
import { checkShape, readShape } from "./shape.ts";

/**
 * Reads a tensor that a user's handler returned: `{ datatype, shape, data }`.
 *
 * `data` is the datatype's typed array (of FP16 half bits in a Uint16Array, or a Float16Array), taken as it is, or an
 * array of elements, flat or nested as the shape. NaN and infinities are accepted: the handler's code may mean them.
 *
 * @param spec - The model's input for which the handler made it: datatype and shape must fit.
 * @throws PilotlightError ERR_HANDLER_INVALID that says which field is wrong and what it takes.
 */
export function tensorFromHandler(spec: TensorSpec, value: unknown): Tensor {
  const { name } = spec;
  const place: Place = { path: `the handler's tensor ${shown(name)}`, code: "ERR_HANDLER_INVALID" };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refusal(place, `got ${shown(value)}, an object { datatype, shape, data } is expected`);
  }
  const { datatype, shape: sizes, data } = value as Readonly<Record<string, unknown>>;
  if (!isDatatype(datatype)) {
    const accepted = Object.keys(DATATYPES).join(", ");
    throw refusal(at(place, ".datatype"), `got ${shown(datatype)}, accepted: ${accepted}`);
  }
  if (datatype !== spec.datatype) {
    throw refusal(at(place, ".datatype"), `got ${datatype}, the model takes ${spec.datatype}`);
  }
  const shapePlace = at(place, ".shape");
  const shape = readShape(sizes, shapePlace);
  checkShape(shape, spec, shapePlace);
  const dataPlace = at(place, ".data");
  const elements = ArrayBuffer.isView(data)
    ? elementsOfView(data, datatype, dataPlace)
    : elementsFromJson(data, { datatype, shape, nonFinite: "numbers" }, dataPlace);
  const count = elementCount(shape);
  if (elements.length !== count) {
    throw refusal(
      dataPlace,
      `got ${elements.length} elements, the shape ${shownShape(shape)} takes ${count}`,
    );
  }
  if (datatype === "BOOL") checkBooleans(elements as Uint8Array, dataPlace);
  return { name, datatype, shape, data: elements };
}

function elementsOfView(view: ArrayBufferView, datatype: Datatype, place: Place): TensorData {
  const { typedArray } = DATATYPES[datatype];
  if (typedArray !== undefined && view instanceof typedArray) return view;
  if (datatype === "FP16" && view instanceof Float16Array) {
    return new Uint16Array(view.buffer, view.byteOffset, view.length);
  }
  // What a canvas or an image decoder gives for its pixels.
  if (datatype === "UINT8" && view instanceof Uint8ClampedArray) {
    return new Uint8Array(view.buffer, view.byteOffset, view.length);
  }
  const accepted = [
    ...(datatype === "FP16" ? ["a Float16Array"] : []),
    ...(typedArray === undefined ? [] : [`a ${typedArray.name}`]),
    "an array",
  ].join(" or ");
  throw refusal(place, `got a ${view.constructor.name}, ${datatype} takes ${accepted}`);
}

function checkBooleans(elements: Uint8Array, place: Place): void {
  const index = elements.findIndex((element) => element > 1);
  if (index < 0) return;
  throw refusal(at(place, `[${index}]`), `got ${elements[index]}, BOOL takes 0 or 1`);
}
