import type { Random } from "@pilotlight/core";
import { DATATYPES, elementCount } from "@pilotlight/protocol";
import type { Datatype, Tensor, TensorData } from "@pilotlight/protocol";

/** What a model takes under one name; a text in `shape` is a dimension that may vary, by its name. */
export interface InputSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly (number | string)[];
}

/** How a set of inputs is drawn. */
export interface InputPlan {
  /** Size of a dimension that may vary: drawn from 1 to 4, or this. */
  readonly size: "drawn" | number;
  /** Which dimensions have that size; the others have at most 2. */
  readonly axes: "all" | "all but the first" | "the last";
  /** Whole numbers from 0 to 9 and floats from -1 to 1, or 0 and 1 and floats from 0 to 1. */
  readonly values: "wide" | "narrow";
}

/**
 * Plans in the order in which they are tried.
 *
 * Small and varied first. Many models take only some shapes: sums of lengths have to agree (with 1 everywhere they
 * often do), a convolution needs its window (hence the larger ones), an index has to stay below a table's length.
 */
export const INPUT_PLANS: readonly InputPlan[] = [
  { size: "drawn", axes: "all", values: "wide" },
  { size: "drawn", axes: "all", values: "narrow" },
  { size: 1, axes: "all", values: "wide" },
  { size: 1, axes: "all", values: "narrow" },
  { size: 2, axes: "all", values: "wide" },
  { size: 2, axes: "all", values: "narrow" },
  ...[16, 64, 256, 512, 1024].flatMap((size): readonly InputPlan[] => [
    { size, axes: "all but the first", values: "narrow" },
    { size, axes: "the last", values: "narrow" },
  ]),
];

const DRAWN_SIZE_MAX = 4;
const OTHER_SIZE_MAX = 2;

/** 64 MB of FP32: an input above it proves nothing that a smaller one does not. */
const ELEMENTS_MAX = 16_777_216;

/**
 * Draws one tensor for each input of a model. Dimensions of one name get one size, in all inputs.
 *
 * @param random - Where sizes and values come from; the same numbers give the same inputs.
 * @returns Nothing when an input of this plan would have more than 16,777,216 elements.
 */
export function generatedInputs(
  inputs: readonly InputSpec[],
  plan: InputPlan,
  random: Random,
): readonly Tensor[] | undefined {
  const sizes = new Map<string, number>();
  const shapes = inputs.map(({ shape }) =>
    shape.map((size, axis) => {
      if (typeof size === "number") return size;
      const place: Place = { axis, isLast: axis === shape.length - 1 };
      const key = isNameless(size) ? namelessKey(plan, place) : size;
      const known = sizes.get(key) ?? drawnSize(plan, place, random);
      sizes.set(key, known);
      return known;
    }),
  );
  if (shapes.some((shape) => elementCount(shape) > ELEMENTS_MAX)) return undefined;
  return inputs.map(({ name, datatype }, index) => {
    const shape = shapes[index] ?? [];
    const data = generatedData(datatype, { count: elementCount(shape), plan, random });
    return { name, datatype, shape, data };
  });
}

interface Place {
  readonly axis: number;
  readonly isLast: boolean;
}

/** ONNX Runtime gives a dimension without a name the empty one; PaddlePaddle names it "?". */
function isNameless(size: string): boolean {
  return size === "" || size === "?";
}

/** A dimension without a name is taken for the same as others on its axis: a batch, mostly. */
function namelessKey({ axes }: InputPlan, { axis, isLast }: Place): string {
  if (axes === "the last") return isLast ? "the last axis" : "any other axis";
  return `axis ${axis}`;
}

function drawnSize({ size, axes }: InputPlan, { axis, isLast }: Place, random: Random): number {
  if (size === "drawn") return 1 + whole(random, DRAWN_SIZE_MAX - 1);
  const isSized = axes === "all" || (axes === "the last" ? isLast : axis > 0);
  return isSized ? size : Math.min(size, OTHER_SIZE_MAX);
}

function generatedData(
  datatype: Datatype,
  { count, plan: { values }, random }: { count: number; plan: InputPlan; random: Random },
): TensorData {
  const { kind, typedArray } = DATATYPES[datatype];
  const wholeMax = values === "wide" && kind !== "boolean" ? 9 : 1;
  // A byte is a picture's sample and not an index.
  const byteMax = values === "wide" && datatype === "UINT8" ? 255 : wholeMax;
  const drawn = <Element>(draw: () => Element): Element[] => Array.from({ length: count }, draw);
  if (typedArray === undefined) return drawn(() => String(whole(random, wholeMax)));
  if (typedArray === BigInt64Array || typedArray === BigUint64Array) {
    return typedArray.from(drawn(() => BigInt(whole(random, wholeMax))));
  }
  if (kind !== "float") {
    return (typedArray as Float64ArrayConstructor).from(drawn(() => whole(random, byteMax)));
  }
  const floats = drawn(() => (values === "wide" ? 2 * random.next() - 1 : random.next()));
  if (datatype === "FP16") return new Uint16Array(Float16Array.from(floats).buffer);
  return (typedArray as Float64ArrayConstructor).from(floats);
}

/** A whole number from 0 to `max`. */
function whole(random: Random, max: number): number {
  return Math.floor(random.next() * (max + 1));
}
