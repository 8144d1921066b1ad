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

/** Where the elements go: rows of nested data follow each other. */
interface Destination<Elements> {
  readonly elements: Elements;
  readonly spec: ElementsSpec;
  readonly refuse: Refuse;
}

type Row = readonly unknown[];
type Fill = (row: Row, offset: number) => void;

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
  const rows = isNested ? nestedRows(value, shape, place) : [value];
  const count = elementCount(shape);
  if (!isNested && value.length !== count) {
    const size = `${value.length} ${value.length === 1 ? "element" : "elements"}`;
    throw refusal(place, `got ${size}, the shape ${shownShape(shape)} takes ${count}`);
  }
  const refuse: Refuse = (index, element) => {
    const suffix = isNested ? nestedIndex(index, shape) : `[${index}]`;
    throw refusal(at(place, suffix), `got ${shown(element)}, ${acceptedElements(datatype)}`);
  };
  const { data, fill } = destination(count, spec, refuse);
  let offset = 0;
  for (const row of rows) {
    fill(row, offset);
    offset += row.length;
  }
  return data;
}

function destination(
  count: number,
  spec: ElementsSpec,
  refuse: Refuse,
): { readonly data: TensorData; readonly fill: Fill } {
  const { kind, typedArray } = DATATYPES[spec.datatype];
  if (typedArray === undefined) {
    const elements = Array.from({ length: count }, () => "");
    const into = { elements, spec, refuse };
    return { data: elements, fill: (row, offset) => fillStrings(row, offset, into) };
  }
  const elements = new typedArray(count);
  if (kind === "boolean") {
    const into = { elements: elements as Uint8Array, spec, refuse };
    return { data: elements, fill: (row, offset) => fillBooleans(row, offset, into) };
  }
  if (kind === "bigint") {
    const into = { elements: elements as BigInt64Array, spec, refuse };
    return { data: elements, fill: (row, offset) => fillBigints(row, offset, into) };
  }
  if (kind === "integer") {
    const into = { elements: elements as Int32Array, spec, refuse };
    return { data: elements, fill: (row, offset) => fillIntegers(row, offset, into) };
  }
  const isHalf = spec.datatype === "FP16";
  const floats = isHalf ? new Float16Array(elements.buffer) : (elements as Float32Array);
  const into = { elements: floats, spec, refuse };
  return { data: elements, fill: (row, offset) => fillFloats(row, offset, into) };
}

/** The innermost rows of data that is nested exactly as its shape says; the recursion is as deep as the shape is long. */
function nestedRows(value: Row, shape: readonly number[], place: Place): readonly Row[] {
  const rows: Row[] = [];
  const walk = (row: unknown, axis: number, path: string): void => {
    if (!Array.isArray(row) || row.length !== shape[axis]) {
      const got = Array.isArray(row) ? `${row.length} entries` : shown(row);
      throw refusal(
        at(place, path),
        `got ${got}, data nested as ${shownShape(shape)} has an array of ${shape[axis]} there`,
      );
    }
    if (axis === shape.length - 1) rows.push(row);
    else row.forEach((part: unknown, index) => walk(part, axis + 1, `${path}[${index}]`));
  };
  walk(value, 0, "");
  return rows;
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

function fillBooleans(row: Row, offset: number, into: Destination<Uint8Array>): void {
  const { elements, refuse } = into;
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index];
    if (value === true || value === 1) elements[offset + index] = 1;
    else if (value !== false && value !== 0) refuse(offset + index, value);
  }
}

function fillIntegers(row: Row, offset: number, into: Destination<Int32Array>): void {
  const { elements, spec, refuse } = into;
  const { min, max } = DATATYPES[spec.datatype];
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index];
    if (typeof value !== "number" || !(value >= min && value <= max) || !Number.isInteger(value)) {
      return refuse(offset + index, value);
    }
    elements[offset + index] = value;
  }
}

function fillBigints(row: Row, offset: number, into: Destination<BigInt64Array>): void {
  const { elements, spec, refuse } = into;
  const { bigintRange = { min: 0n, max: 0n } } = DATATYPES[spec.datatype];
  for (let index = 0; index < row.length; index += 1) {
    const value = exactInteger(row[index]);
    if (value === undefined || value < bigintRange.min || value > bigintRange.max) {
      return refuse(offset + index, row[index]);
    }
    elements[offset + index] = value;
  }
}

/** A number beyond 2^53 has lost its last digits by now (`1e18`, `9007199254740993.0`): it is not taken for exact. */
function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === "string" ? integerOf(value) : undefined;
}

function fillFloats(
  row: Row,
  offset: number,
  into: Destination<Float16Array | Float32Array | Float64Array>,
): void {
  const { elements, spec, refuse } = into;
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index];
    const number = typeof value === "number" ? value : floatOf(value, spec.nonFinite);
    if (number === undefined) return refuse(offset + index, value);
    elements[offset + index] = number;
    const isOverflow = !Number.isFinite(elements[offset + index]);
    if (isOverflow && !isNonFiniteAccepted(value, spec.nonFinite)) refuse(offset + index, value);
  }
}

function floatOf(value: unknown, nonFinite: NonFinite): number | undefined {
  if (typeof value === "bigint") return Number(value);
  return nonFinite === "named" ? NAMED_FLOATS.get(value) : undefined;
}

function isNonFiniteAccepted(value: unknown, nonFinite: NonFinite): boolean {
  if (nonFinite === "named") return typeof value === "string";
  return nonFinite === "numbers" && typeof value === "number" && !Number.isFinite(value);
}

function fillStrings(row: Row, offset: number, into: Destination<string[]>): void {
  const { elements, refuse } = into;
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index];
    // A lone surrogate has no UTF-8, and ONNX strings are UTF-8.
    if (typeof value !== "string" || !value.isWellFormed()) return refuse(offset + index, value);
    elements[offset + index] = value;
  }
}
