import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { LineSplitter } from "./line-splitter.ts";

function split(pieces: readonly Buffer[], lineCharsMax = 1000): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), { lineCharsMax });
  for (const piece of pieces) splitter.push(piece);
  splitter.flush();
  return lines;
}

describe("LineSplitter", () => {
  test("for every text, cut at any byte, the lines are those of the text", () => {
    const line = fc
      .string({ unit: "grapheme", maxLength: 30 })
      .map((text) => text.replaceAll("\n", ""));
    fc.assert(
      fc.property(fc.array(line), fc.nat(), (lines, seed) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""), "utf8");
        const cut = seed % (bytes.length + 1);
        expect(split([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(lines);
      }),
    );
  });

  test("brings out the last line without a line feed when it is flushed", () => {
    expect(split([Buffer.from("one\ntw"), Buffer.from("o")])).toEqual(["one", "two"]);
  });

  test("for every length, a line without end comes out in pieces of the limit at most", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 20 }), (length, lineCharsMax) => {
        const text = "x".repeat(length);
        const lines = split([Buffer.from(text)], lineCharsMax);
        expect(lines.join("")).toBe(text);
        expect(lines.every((line) => line.length <= lineCharsMax)).toBe(true);
      }),
    );
  });
});
