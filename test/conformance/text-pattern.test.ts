import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { matchText } from "./text-pattern.ts";

const ID = "b2d6f4a0-0000-4000-8000-123456789abc";
const OTHER_ID = "b2d6f4a0-0000-4000-8000-123456789abd";

function matches(
  actual: string,
  expected: string,
  { bindings = new Map<string, string>(), isVolatile = false } = {},
): boolean {
  return matchText(actual, expected, { bindings, isVolatile });
}

describe("matchText", () => {
  test("takes a text without placeholders as it stands", () => {
    expect(matches("a.c", "a.c")).toBe(true);
    expect(matches("abc", "a.c")).toBe(false);
    expect(matches("a.c ", "a.c")).toBe(false);
  });

  test("lets a placeholder without a number be any text that is not empty", () => {
    expect(matches("x: 1 y", "x: <any:thing> y")).toBe(true);
    expect(matches("x: 1 y", "x: <thing> y")).toBe(true);
    expect(matches("x:  y", "x: <thing> y")).toBe(false);
    expect(matches("x: 1 z", "x: <thing> y")).toBe(false);
  });

  test("holds a kind with a known shape to it", () => {
    expect(matches(`END RequestId: ${ID}`, "END RequestId: <request-id>")).toBe(true);
    expect(matches("END RequestId: 1", "END RequestId: <request-id>")).toBe(false);
    expect(matches("Duration: 1.20 ms", "Duration: <duration> ms")).toBe(true);
    expect(matches("Duration: long ms", "Duration: <duration> ms")).toBe(false);
    expect(matches('["a","b\\"c"]', "<any:array-of-strings>")).toBe(true);
    expect(matches('["a",1]', "<any:array-of-strings>")).toBe(false);
  });

  test("holds a numbered placeholder to one text, in one text and across texts", () => {
    const bindings = new Map<string, string>();
    expect(matches("a a", "<name:1> <name:1>", { bindings })).toBe(true);
    expect(bindings.get("name:1")).toBe("a");
    expect(matches("b", "<name:1>", { bindings })).toBe(false);
    expect(matches("b", "<name:2>", { bindings })).toBe(true);
    expect(matches(ID, "<uuid:1>", { bindings })).toBe(true);
    expect(matches(OTHER_ID, "<uuid:1>", { bindings })).toBe(false);
    expect(matches("a b", "<word:3> <word:3>")).toBe(false);
  });

  test("binds nothing when the text does not match", () => {
    const bindings = new Map<string, string>();
    expect(matches("a x", "<name:1> y", { bindings })).toBe(false);
    expect(bindings.size).toBe(0);
  });

  test("counts letters", () => {
    expect(matches("aaa!", "<a:len(3)>!")).toBe(true);
    expect(matches("aa!", "<a:len(3)>!")).toBe(false);
    expect(matches('{"V":"xxxx"}', '{"V":"<x repeated>"}')).toBe(true);
    expect(matches('{"V":"xyxx"}', '{"V":"<x repeated>"}')).toBe(false);
  });

  test("takes the recorder's date for a time where the recorder put tokens, and for a word elsewhere", () => {
    const line = "2026-11-24T10:00:00.000Z\tid\tINFO\ta date";
    expect(matches(line, "date\tid\tINFO\ta date", { isVolatile: true })).toBe(true);
    expect(matches(line, "date\tid\tINFO\ta date")).toBe(false);
    expect(matches("yesterday\tid", "date\tid", { isVolatile: true })).toBe(false);
  });

  test("for every text, it matches itself and nothing longer", () => {
    const text = fc.string({ unit: "grapheme" }).filter((value) => !/[<>]/.test(value));
    fc.assert(
      fc.property(text, text.filter(Boolean), (value, more) => {
        return (
          matches(value, value) &&
          !matches(value + more, value) &&
          matches(`${value}${ID}${value}`, `${value}<uuid>${value}`)
        );
      }),
    );
  });
});
