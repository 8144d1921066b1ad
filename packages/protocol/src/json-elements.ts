import type { Place } from "./place.ts";
import type { Datatype, TensorData } from "./tensor.ts";

import { acceptedElements, DATATYPES, elementCount } from "./datatypes.ts";
import { integerOf } from "./json-text.ts";
import { at, refusal, shown, shownShape } from "./place.ts";

/**
 * What to do with floats that are not finite: JSON requests may not hold them, answers hold them as the strings
 * "NaN", "Infinity" and "-Infinity", and a handler's arrays hold them as numbers.
 */
export type NonFinite = "refused" | "named" | "numbers";

/** What the elements have to be. */
export interface ElementsSpec {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly nonFinite: NonFinite;
}

/** Refuses the element at a flat index. */
type Refuse = (index: number, value: unknown) => never;

const NAMED_FLOATS: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/**
 * Reads a tensor's elements from an array, flat or nested as its shape, row-major.
 *
 * @throws PilotlightError with the place's code, naming the element: wrong number, kind or range.
 */
export function elementsFromJson(value: unknown, spec: ElementsSpec, place: Place): TensorData {
  const { datatype, shape } = spec;
  if (!Array.isArray(value)) {
    throw refusal(place, `got ${shown(value)}, an array of elements is expected`);
  }
  const isNested = shape.length > 1 && Array.isArray(value[0]);
  const flat = isNested ? flattened(value, shape, place) : value;
  const count = elementCount(shape);
  if (flat.length !== count) {
    const size = `${flat.length} ${flat.length === 1 ? "element" : "elements"}`;
    throw refusal(place, `got ${size}, the shape ${shownShape(shape)} takes ${count}`);
  }
  return converted(flat, spec, (index, element) => {
    const suffix = isNested ? nestedIndex(index, shape) : `[${index}]`;
    throw refusal(at(place, suffix), `got ${shown(element)}, ${acceptedElements(datatype)}`);
  });
}

function converted(values: readonly unknown[], spec: ElementsSpec, refuse: Refuse): TensorData {
  const { kind, typedArray } = DATATYPES[spec.datatype];
  if (typedArray === undefined) return strings(values, refuse);
  switch (kind) {
    case "boolean":
      return booleans(values, refuse);
    case "bigint":
      return bigints(values, spec.datatype, refuse);
    case "integer":
      return integers(values, spec.datatype, refuse);
    default:
      return floats(values, spec, refuse);
  }
}

/** Flattens data that is nested exactly as its shape says; the recursion is as deep as the shape is long. */
function flattened(
  value: readonly unknown[],
  shape: readonly number[],
  place: Place,
): readonly unknown[] {
  const flat: unknown[] = [];
  const walk = (row: unknown, axis: number, path: string): void => {
    if (!Array.isArray(row)) {
      throw refusal(
        at(place, path),
        `got ${shown(row)}, data nested as ${shownShape(shape)} has an array there`,
      );
    }
    if (row.length !== shape[axis]) {
      throw refusal(
        at(place, path),
        `got ${row.length} entries, data nested as ${shownShape(shape)} has ${shape[axis]} there`,
      );
    }
    if (axis === shape.length - 1) {
      for (const element of row) flat.push(element);
    } else {
      for (const [index, part] of row.entries()) walk(part, axis + 1, `${path}[${index}]`);
    }
  };
  walk(value, 0, "");
  return flat;
}

function nestedIndex(flatIndex: number, shape: readonly number[]): string {
  let rest = flatIndex;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return `[${index}]`;
    })
    .toReversed()
    .join("");
}

function booleans(values: readonly unknown[], refuse: Refuse): TensorData {
  const elements = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value === true || value === 1) elements[index] = 1;
    else if (value !== false && value !== 0) refuse(index, value);
  }
  return elements;
}

function integers(values: readonly unknown[], datatype: Datatype, refuse: Refuse): TensorData {
  const { min, max, typedArray } = DATATYPES[datatype];
  const elements = new (typedArray as Int32ArrayConstructor)(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (typeof value !== "number" || !(value >= min && value <= max) || !Number.isInteger(value)) {
      refuse(index, value);
    }
    elements[index] = value as number;
  }
  return elements;
}

function bigints(values: readonly unknown[], datatype: Datatype, refuse: Refuse): TensorData {
  const { bigintRange, typedArray } = DATATYPES[datatype];
  const { min, max } = bigintRange as NonNullable<typeof bigintRange>;
  const elements = new (typedArray as BigInt64ArrayConstructor)(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const value = exactInteger(values[index]);
    if (value === undefined || value < min || value > max) refuse(index, values[index]);
    elements[index] = value as bigint;
  }
  return elements;
}

/** A number beyond 2^53 has lost its last digits by now (`1e18`, `9007199254740993.0`): it is not taken for exact. */
function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === "string" ? integerOf(value) : undefined;
}

function floats(values: readonly unknown[], spec: ElementsSpec, refuse: Refuse): TensorData {
  const isHalf = spec.datatype === "FP16";
  const { typedArray } = DATATYPES[spec.datatype];
  const Constructor = isHalf ? Float16Array : (typedArray as Float64ArrayConstructor);
  const elements = new Constructor(values.length);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    const number = typeof value === "number" ? value : floatOf(value, spec.nonFinite);
    if (number === undefined) return refuse(index, value);
    elements[index] = number;
    const isOverflow = !Number.isFinite(elements[index]);
    if (isOverflow && !isNonFiniteAccepted(value, spec.nonFinite)) refuse(index, value);
  }
  return elements instanceof Float16Array ? new Uint16Array(elements.buffer) : elements;
}

function floatOf(value: unknown, nonFinite: NonFinite): number | undefined {
  if (typeof value === "bigint") return Number(value);
  return nonFinite === "named" ? NAMED_FLOATS.get(value) : undefined;
}

function isNonFiniteAccepted(value: unknown, nonFinite: NonFinite): boolean {
  if (nonFinite === "named") return typeof value === "string";
  return nonFinite === "numbers" && typeof value === "number" && !Number.isFinite(value);
}

function strings(values: readonly unknown[], refuse: Refuse): TensorData {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    // A lone surrogate has no UTF-8, and ONNX strings are UTF-8.
    if (typeof value !== "string" || !value.isWellFormed()) refuse(index, value);
  }
  return values as readonly string[];
}
