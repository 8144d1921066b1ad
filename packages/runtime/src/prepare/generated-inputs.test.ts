import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { DATATYPES, elementCount } from "@pilotlight/protocol";
import type { Datatype, Tensor } from "@pilotlight/protocol";

import { generatedInputs, INPUT_PLANS } from "./generated-inputs.ts";
import type { InputSpec } from "./generated-inputs.ts";
import { repeatableRandom } from "./repeatable-random.ts";

const datatype = fc.constantFrom(...(Object.keys(DATATYPES) as Datatype[]));
const size = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("batch", "length", "", "?"));
const spec: fc.Arbitrary<InputSpec> = fc.record({
  name: fc.string(),
  datatype,
  shape: fc.array(size, { maxLength: 3 }),
});
const specs = fc.array(spec, { minLength: 1, maxLength: 4 });
/** The larger plans are the same code with more elements. */
const plan = fc.constantFrom(
  ...INPUT_PLANS.filter((each) => each.size === "drawn" || each.size <= 16),
);
const seed = fc.integer();

function numbersOf({ datatype: type, data }: Tensor): readonly number[] {
  if (type === "FP16") return Array.from(new Float16Array((data as Uint16Array).buffer));
  return Array.from(data as ArrayLike<unknown>, Number);
}

describe("generatedInputs", () => {
  test("for every signature, gives each input its datatype, its fixed sizes and all its elements", () => {
    fc.assert(
      fc.property(specs, plan, seed, (inputs, how, start) => {
        const tensors = generatedInputs(inputs, how, repeatableRandom(start)) ?? [];
        expect(tensors.map((tensor) => tensor.datatype)).toEqual(inputs.map((e) => e.datatype));
        for (const [index, { shape, data, datatype: type }] of tensors.entries()) {
          const wanted = inputs[index]?.shape ?? [];
          expect(shape.length).toBe(wanted.length);
          expect(
            shape.every((s, axis) => typeof wanted[axis] === "string" || s === wanted[axis]),
          ).toBe(true);
          expect(data.length).toBe(elementCount(shape));
          const { typedArray } = DATATYPES[type];
          expect(typedArray === undefined ? Array.isArray(data) : data instanceof typedArray).toBe(
            true,
          );
        }
      }),
    );
  });

  test("for every signature, a dimension's name has one size everywhere", () => {
    fc.assert(
      fc.property(specs, plan, seed, (inputs, how, start) => {
        const tensors = generatedInputs(inputs, how, repeatableRandom(start)) ?? [];
        const sizes = tensors.flatMap(({ shape }, index) =>
          shape.filter((_, axis) => inputs[index]?.shape[axis] === "batch"),
        );
        expect(new Set(sizes).size).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("for every signature, numbers stay where models expect them", () => {
    fc.assert(
      fc.property(specs, plan, seed, (inputs, how, start) => {
        for (const tensor of generatedInputs(inputs, how, repeatableRandom(start)) ?? []) {
          const max = { UINT8: 255, BOOL: 1 }[tensor.datatype as string] ?? 9;
          expect(numbersOf(tensor).every((value) => value >= -1 && value <= max)).toBe(true);
          const isWhole = DATATYPES[tensor.datatype].kind !== "float";
          expect(!isWhole || numbersOf(tensor).every((v) => Number.isInteger(v) && v >= 0)).toBe(
            true,
          );
        }
      }),
    );
  });

  test("for every seed, the same seed gives the same inputs", () => {
    fc.assert(
      fc.property(specs, plan, seed, (inputs, how, start) => {
        const draw = () => generatedInputs(inputs, how, repeatableRandom(start));
        expect(draw()).toEqual(draw());
      }),
    );
  });

  test("makes no input of more than 16,777,216 elements", () => {
    const image = (side: number): readonly InputSpec[] => [
      { name: "x", datatype: "UINT8", shape: [side, 4096] },
    ];
    const [first] = INPUT_PLANS;
    const random = { next: () => 0 };
    expect(generatedInputs(image(4096), first!, random)?.[0]?.data.length).toBe(16_777_216);
    expect(generatedInputs(image(4097), first!, random)).toBeUndefined();
  });
});

describe("repeatableRandom", () => {
  test("for every seed, gives numbers from 0 to below 1 that do not stand still", () => {
    fc.assert(
      fc.property(seed, (start) => {
        const random = repeatableRandom(start);
        const drawn = Array.from({ length: 20 }, () => random.next());
        expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
        expect(new Set(drawn).size).toBeGreaterThan(15);
      }),
    );
  });
});
