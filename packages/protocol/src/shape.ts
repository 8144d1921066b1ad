import type { Place } from "./place.ts";
import type { Datatype, TensorSpec } from "./tensor.ts";

import { at, refusal, shown, shownShape } from "./place.ts";
import { memoryBytesPerElement, REQUEST_LIMITS } from "./request-limits.ts";

/** More dimensions than any operator of ONNX takes; it bounds the depth of nested data. */
export const RANK_MAX = 32;

/**
 * Reads a shape: whole numbers from 0, whose product (zeros left out) a double still counts exactly.
 *
 * @throws PilotlightError with the place's code.
 */
export function readShape(value: unknown, place: Place): readonly number[] {
  if (!Array.isArray(value)) {
    throw refusal(place, `got ${shown(value)}, a shape is an array of whole numbers`);
  }
  if (value.length > RANK_MAX) {
    throw refusal(place, `got ${value.length} dimensions, at most ${RANK_MAX} are accepted`);
  }
  return readDimensions(value, place);
}

function readDimensions(value: readonly unknown[], place: Place): readonly number[] {
  let product = 1;
  return value.map((size, index) => {
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      throw refusal(
        at(place, `[${index}]`),
        `got ${shown(size)}, a dimension is a whole number from 0`,
      );
    }
    if (size > 0) product *= size;
    if (product > Number.MAX_SAFE_INTEGER) {
      throw refusal(
        place,
        `the product of ${shown(size)} and the dimensions before it is too large`,
      );
    }
    return size + 0;
  });
}

/**
 * Checks a shape against the model's, where -1 stands for any size.
 *
 * ONNX Runtime describes an input of unknown rank as it does a scalar, by no dimensions at all, and takes any shape for
 * both: so does this, since the other way a model of unknown rank could not be asked.
 *
 * @throws PilotlightError with the place's code.
 */
export function checkShape(shape: readonly number[], spec: TensorSpec, place: Place): void {
  const isFitting =
    shape.length === spec.shape.length &&
    spec.shape.every((size, index) => size < 0 || size === shape[index]);
  if (isFitting || spec.shape.length === 0) return;
  const wildcard = spec.shape.some((size) => size < 0) ? " (-1: any size)" : "";
  throw refusal(
    place,
    `got ${shownShape(shape)}, the model takes ${shownShape(spec.shape)}${wildcard}`,
  );
}

/**
 * Refuses a shape that no request can fill. Zeros do not hide the other dimensions: `[1000000000, 0]` is refused, as a
 * model may well allocate by its first dimension.
 *
 * @throws PilotlightError with the place's code.
 */
export function checkSize(shape: readonly number[], datatype: Datatype, place: Place): void {
  const { elementsMax, tensorBytesMax } = REQUEST_LIMITS;
  const countMax = Math.min(elementsMax, tensorBytesMax / memoryBytesPerElement(datatype));
  const count = shape.reduce((product, size) => product * Math.max(size, 1), 1);
  if (count <= countMax) return;
  throw refusal(
    place,
    `${shownShape(shape)} is too large, a request holds at most ${countMax} elements of ${datatype}; send a smaller batch`,
  );
}
