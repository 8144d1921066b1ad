import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { shortestFloat16, shortestFloat32 } from "./shortest-float.ts";

const FINITE = { noNaN: true, noDefaultInfinity: true };

type Round = (value: number) => number;

/** The shortest by trying: the first of toPrecision's decimals that reads back as the same float. */
function shortestByTrying(value: number, round: Round): string {
  for (let digits = 1; digits <= 9; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (round(candidate) === value) return String(candidate);
  }
  return String(value);
}

/** Whether `printed` reads back as the float, and is no longer than the shortest that does. */
function isShortest(value: number, { printed, round }: { printed: string; round: Round }): boolean {
  const isSame = round(Number(printed)) === value;
  return isSame && printed.length <= shortestByTrying(value, round).length;
}

function isShortestFloat32(value: number): boolean {
  return isShortest(value, { printed: String(shortestFloat32(value)), round: Math.fround });
}

describe("shortestFloat32", () => {
  test.each([
    [0.1, "0.1"],
    [1 / 3, "0.33333334"],
    [16_777_216, "16777216"],
    [2 ** -149, "1e-45"],
    [3.4028234663852886e38, "3.4028235e+38"],
    [-2.5, "-2.5"],
  ])("prints the float32 nearest to %d as %s", (value, text) => {
    expect(String(shortestFloat32(Math.fround(value)))).toBe(text);
  });

  test("for every float32, the decimal reads back as it and none shorter does", () => {
    fc.assert(fc.property(fc.float(FINITE), isShortestFloat32), { numRuns: 20_000 });
  });

  test("for every float32 of everyday size, the same holds", () => {
    const everyday = fc.float({ ...FINITE, min: Math.fround(-1000), max: Math.fround(1000) });
    fc.assert(fc.property(everyday, isShortestFloat32), { numRuns: 20_000 });
  });

  test("for every power of two and its neighbours, where spacing changes, the same holds", () => {
    const float = new Float32Array(1);
    const bits = new Uint32Array(float.buffer);
    const wrong: number[] = [];
    for (let exponent = 1; exponent < 255; exponent += 1) {
      for (let offset = -2; offset <= 2; offset += 1) {
        bits[0] = exponent * 2 ** 23 + offset;
        const value = float[0] ?? 0;
        wrong.push(...[value, -value].filter((each) => !isShortestFloat32(each)));
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("shortestFloat16", () => {
  test("for every finite float16, the decimal reads back as it and none shorter does", () => {
    const halves = new Float16Array(Uint16Array.from({ length: 65_536 }, (_, bits) => bits).buffer);
    const wrong = Array.from(halves).filter((value) => {
      const printed = String(shortestFloat16(value));
      return Number.isFinite(value) && !isShortest(value, { printed, round: Math.f16round });
    });
    expect(wrong).toEqual([]);
  });
});
