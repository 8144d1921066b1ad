import type { Tensor } from "@pilotlight/protocol";

/** How far a prepared model's outputs may be from the original's: |p − o| ≤ absolute + relative · |o|. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** What rounding in another order makes of FP32, with room to spare; a wrong operator is far beyond it. */
export const DEFAULT_TOLERANCE: Tolerance = { absolute: 1e-4, relative: 1e-3 };

/** How two sets of outputs compare. */
export interface OutputComparison {
  /** Greatest absolute difference of two numbers; Infinity where shapes, texts or what is no number differ. */
  readonly largestDifference: number;
  /** What differs most among what is beyond the tolerance, for people; nothing when all is within. */
  readonly fault: string | undefined;
}

interface Found {
  readonly difference: number;
  readonly text: string;
}

/** Compares a prepared model's outputs with the original's, name by name; whole numbers and texts too. */
export function compareOutputs(
  original: readonly Tensor[],
  prepared: readonly Tensor[],
  tolerance: Tolerance,
): OutputComparison {
  const each = original.map((tensor) => {
    const other = prepared.find(({ name }) => name === tensor.name);
    return compareTensors(tensor, other, tolerance);
  });
  const faults = each.flatMap(({ worst }) => worst ?? []);
  const [first] = faults.toSorted((one, other) => other.difference - one.difference);
  return {
    largestDifference: Math.max(0, ...each.map(({ largest }) => largest)),
    fault: first?.text,
  };
}

interface TensorComparison {
  readonly largest: number;
  readonly worst?: Found;
}

function compareTensors(
  original: Tensor,
  prepared: Tensor | undefined,
  tolerance: Tolerance,
): TensorComparison {
  const form = formDifference(original, prepared);
  if (form !== undefined || prepared === undefined) {
    const text = `output "${original.name}" ${form}`;
    return { largest: Infinity, worst: { difference: Infinity, text } };
  }
  const [wanted, got] = [elementsOf(original), elementsOf(prepared)];
  let largest = 0;
  let worst: { index: number; difference: number } | undefined;
  for (let index = 0; index < wanted.length; index += 1) {
    const difference = distance(wanted[index], got[index]);
    largest = Math.max(largest, difference);
    const allowed = tolerance.absolute + tolerance.relative * Math.abs(Number(wanted[index]));
    // The negation counts a bound that is no number, after an infinite or textual original, as broken.
    const isBeyond = difference > 0 && !(difference <= allowed && Number.isFinite(difference));
    if (isBeyond && difference > (worst?.difference ?? 0)) worst = { index, difference };
  }
  if (worst === undefined) return { largest };
  const [want, have] = [shown(wanted[worst.index]), shown(got[worst.index])];
  const text = `output "${original.name}" differs at element ${worst.index}: ${have} prepared, ${want} originally (largest difference ${Number(worst.difference.toPrecision(3))}; allowed ${tolerance.absolute} + ${tolerance.relative} of the original)`;
  return { largest, worst: { difference: worst.difference, text } };
}

function formDifference(original: Tensor, prepared: Tensor | undefined): string | undefined {
  if (prepared === undefined) return "is missing";
  if (prepared.datatype !== original.datatype) {
    return `has datatype ${prepared.datatype}, originally ${original.datatype}`;
  }
  if (prepared.shape.join() === original.shape.join()) return undefined;
  return `has shape [${prepared.shape.join()}], originally [${original.shape.join()}]`;
}

type Element = number | bigint | string | undefined;

/** A view of the elements by index, half bits as the numbers that they stand for. */
function elementsOf({ datatype, data }: Tensor): ArrayLike<Element> {
  if (datatype !== "FP16" || !(data instanceof Uint16Array)) return data;
  return new Float16Array(data.buffer, data.byteOffset, data.length);
}

function distance(want: Element, got: Element): number {
  if (Object.is(want, got) || want === got) return 0;
  if (typeof want === "bigint" && typeof got === "bigint") {
    return Number(want > got ? want - got : got - want);
  }
  const difference = Math.abs(Number(want) - Number(got));
  return typeof want === "string" || Number.isNaN(difference) ? Infinity : difference;
}

function shown(element: Element): string {
  return typeof element === "string" ? JSON.stringify(element.slice(0, 40)) : String(element);
}
