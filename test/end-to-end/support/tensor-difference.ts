import type { Tensor } from "@pilotlight/protocol";

import type { Tolerance } from "./io-file.ts";

/**
 * Says how an output differs from the expected one.
 *
 * An element passes when |got − want| ≤ atol + rtol · |want|; 64-bit integers and strings must be equal.
 *
 * @returns Nothing when the output passes.
 */
export function tensorDifference(
  got: Tensor | undefined,
  want: Tensor,
  tolerance: Tolerance,
): string | undefined {
  if (got === undefined) return `${want.name}: it is missing`;
  if (got.datatype !== want.datatype) {
    return `${want.name}: datatype ${got.datatype}, not ${want.datatype}`;
  }
  if (got.shape.join() !== want.shape.join()) {
    return `${want.name}: shape [${got.shape.join()}], not [${want.shape.join()}]`;
  }
  if (got.data.length !== want.data.length) {
    return `${want.name}: ${got.data.length} elements, not ${want.data.length}`;
  }
  if (tolerance.mode === "argmax") {
    const [top, wantedTop] = [argmax(got), argmax(want)];
    return top === wantedTop ? undefined : `${want.name}: top index ${top}, not ${wantedTop}`;
  }
  const [gotElements, wantElements] = [elementsOf(got), elementsOf(want)];
  const index = wantElements.findIndex(
    (element, at) => !isWithin(gotElements[at], element, tolerance),
  );
  if (index < 0) return undefined;
  return `${want.name}[${index}]: ${String(gotElements[index])}, not ${String(wantElements[index])}`;
}

/** Index of the greatest element. */
export function argmax(tensor: Tensor): number {
  const elements = elementsOf(tensor).map(Number);
  return elements.reduce(
    (top, element, index) => (element > (elements[top] ?? -Infinity) ? index : top),
    0,
  );
}

type Element = number | bigint | string;

function elementsOf({ datatype, data }: Tensor): readonly Element[] {
  if (datatype !== "FP16" || !(data instanceof Uint16Array)) return Array.from<Element>(data);
  return Array.from(new Float16Array(data.buffer, data.byteOffset, data.length));
}

function isWithin(got: Element | undefined, want: Element, tolerance: Tolerance): boolean {
  if (Object.is(got, want)) return true;
  if (typeof got !== "number" || typeof want !== "number") return false;
  const { atol = 0, rtol = 0 } = tolerance;
  return Math.abs(got - want) <= atol + rtol * Math.abs(want);
}
