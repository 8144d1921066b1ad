import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Tensor } from "@pilotlight/protocol";

import { compareOutputs, DEFAULT_TOLERANCE } from "./output-difference.ts";

const EXACT = { absolute: 0, relative: 0 };

function floats(...values: number[]): Tensor {
  return { name: "y", datatype: "FP32", shape: [values.length], data: Float32Array.from(values) };
}

const doubles = fc.array(fc.double(), { minLength: 1, maxLength: 20 });
const tolerance = fc.record({
  absolute: fc.double({ min: 0, max: 1, noNaN: true }),
  relative: fc.double({ min: 0, max: 1, noNaN: true }),
});

function wide(values: readonly number[]): Tensor {
  return { name: "y", datatype: "FP64", shape: [values.length], data: Float64Array.from(values) };
}

describe("compareOutputs", () => {
  test("for every output, it equals itself, whatever it holds", () => {
    fc.assert(
      fc.property(doubles, (values) => {
        const { fault, largestDifference } = compareOutputs([wide(values)], [wide(values)], EXACT);
        expect(fault).toBeUndefined();
        expect(largestDifference).toBe(0);
      }),
    );
  });

  test("for every two outputs, there is a fault exactly when an element is beyond the tolerance", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
    const pairs = fc.array(fc.tuple(finite, finite), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(pairs, tolerance, (pair, allowed) => {
        const [wanted, got] = [pair.map(([want]) => want), pair.map(([, have]) => have)];
        const isBeyond = pair.some(
          ([want, have]) =>
            Math.abs(want - have) > allowed.absolute + allowed.relative * Math.abs(want),
        );
        const { fault, largestDifference } = compareOutputs([wide(wanted)], [wide(got)], allowed);
        expect(fault !== undefined).toBe(isBeyond);
        expect(largestDifference).toBe(Math.max(...pair.map(([a, b]) => Math.abs(a - b))));
      }),
    );
  });

  test("names the output, the element and the largest difference", () => {
    const { fault } = compareOutputs([floats(1, 2, 3)], [floats(1, 2.5, 4)], DEFAULT_TOLERANCE);
    expect(fault).toBe(
      'output "y" differs at element 2: 4 prepared, 3 originally (largest difference 1; allowed 0.0001 + 0.001 of the original)',
    );
  });

  test.each([
    ["NaN for a number", floats(1), floats(NaN)],
    ["a number for NaN", floats(NaN), floats(1)],
    ["a number for infinity", floats(Infinity), floats(1)],
    ["infinity for a number", floats(1), floats(Infinity)],
    ["another shape", floats(1, 2), { ...floats(1, 2), shape: [2, 1] }],
    ["another datatype", floats(1), { ...floats(1), datatype: "INT32" as const }],
    ["another name", floats(1), { ...floats(1), name: "z" }],
    ["another text", texts("a"), texts("b")],
    ["another 64-bit number", longs(2n ** 62n), longs(2n ** 62n + 1n)],
    ["another half", halves(1), halves(1.5)],
  ])("refuses %s", (_, wanted, got) => {
    expect(compareOutputs([wanted], [got], EXACT).fault).toContain('output "y"');
  });

  test("takes infinity for infinity, and -0 for 0", () => {
    const wanted = floats(Infinity, -Infinity, 0, NaN);
    const got = floats(Infinity, -Infinity, -0, NaN);
    expect(compareOutputs([wanted], [got], EXACT).fault).toBeUndefined();
  });
});

function texts(...data: string[]): Tensor {
  return { name: "y", datatype: "BYTES", shape: [data.length], data };
}

function longs(...values: bigint[]): Tensor {
  return { name: "y", datatype: "INT64", shape: [values.length], data: BigInt64Array.from(values) };
}

function halves(...values: number[]): Tensor {
  const data = new Uint16Array(Float16Array.from(values).buffer);
  return { name: "y", datatype: "FP16", shape: [values.length], data };
}
