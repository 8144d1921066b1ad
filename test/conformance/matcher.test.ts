import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { CaseValue } from "./case-file.ts";
import { type MatchContext, mismatches } from "./matcher.ts";

function differences(
  actual: unknown,
  expected: CaseValue,
  context: Partial<MatchContext> = {},
): string[] {
  return mismatches({ actual, expected }, { bindings: new Map(), ...context });
}

describe("mismatches", () => {
  test("says where and how a value differs", () => {
    expect(differences({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toEqual([
      "$.a[1].b: 2 instead of 3",
    ]);
    expect(differences({ "x-y": 1 }, { "x-y": 2 })).toEqual(["$['x-y']: 1 instead of 2"]);
  });

  test.each<[unknown, CaseValue]>([
    [1, 2],
    [1, "1"],
    ["1", 1],
    [null, "null"],
    [undefined, null],
    [null, {}],
    [[], {}],
    [{}, []],
    [[1], [1, 2]],
    [[1, 2], [1]],
    [{ a: 1 }, {}],
    [{}, { a: 1 }],
    [{}, { a: "<any:thing>" }],
    [{ a: null }, { a: "b<any:thing>" }],
  ])("tells %j from %j", (actual, expected) => {
    expect(differences(actual, expected)).toHaveLength(1);
  });

  test("lets a text that is one placeholder stand for a value of any type", () => {
    expect(differences({ size: 12 }, { size: "<any:code-size>" })).toEqual([]);
    expect(differences({ trace: ["a"] }, { trace: "<any:array-of-strings>" })).toEqual([]);
    expect(differences({ trace: [1] }, { trace: "<any:array-of-strings>" })).toHaveLength(1);
  });

  test("holds numbered placeholders to one value in all comparisons of a case", () => {
    const bindings = new Map([["name:1", "f"]]);
    expect(differences({ a: "f", b: "x", c: "x" }, A_B_C, { bindings })).toEqual([]);
    expect(differences({ a: "g", b: "x", c: "y" }, A_B_C, { bindings })).toEqual([
      '$.a: "g" instead of "f"',
      '$.c: "y" instead of "x"',
    ]);
  });

  test("reads the recorder's date at volatile paths only", () => {
    const expected = { logs: ["date\tINFO"] };
    const actual = { logs: ["2026-11-24T10:00:00.000Z\tINFO"] };
    expect(differences(actual, expected, { volatile: ["$.logs[0]"] })).toEqual([]);
    expect(differences(actual, expected, { volatile: ["$.logs[1]"] })).toHaveLength(1);
  });

  test("knows what is empty", () => {
    for (const empty of [undefined, "", [], {}]) {
      expect(differences(empty, { $empty: true })).toEqual([]);
    }
    for (const filled of [null, 0, " ", [0], { a: 1 }]) {
      expect(differences(filled, { $empty: true })).toHaveLength(1);
    }
  });

  test("compares constructed texts and bytes", () => {
    expect(differences("aaa", { $repeat: ["a", 3] })).toEqual([]);
    expect(differences("aa", { $repeat: ["a", 3] })).toHaveLength(1);
    const joined: CaseValue = { $concat: ["a", { $bytes_hex: "00ff" }, "b"] };
    expect(differences(Buffer.from([0x61, 0, 0xff, 0x62]), joined)).toEqual([]);
    expect(differences(Buffer.from([0x61, 0, 0xfe, 0x62]), joined)).toHaveLength(1);
    expect(differences(undefined, { $bytes_hex: "00" })).toHaveLength(1);
    expect(differences('{"a":1}', { $json: { a: 1 } })).toEqual([]);
    expect(differences('{"a":2}', { $json: { a: 1 } })).toHaveLength(1);
    expect(differences("eyJhIjoxfQ==", { $base64_json: { a: 1 } })).toEqual([]);
  });

  test("compares with what a name refers to", () => {
    const references = { "request payload": { a: [1] } };
    const same: CaseValue = { $sameAs: "request payload" };
    expect(differences({ a: [1] }, same, { references })).toEqual([]);
    expect(differences({ a: [2] }, same, { references })).toHaveLength(1);
    expect(differences({ a: [1] }, { $sameAs: "nothing" }, { references })).toHaveLength(1);
  });

  test("looks at a part, and for what must be absent", () => {
    const expected: CaseValue = {
      $contains: { event: { is: false } },
      $absent: ["event.body", "other"],
    };
    expect(differences({ event: { is: false, more: 1 } }, expected)).toEqual([]);
    expect(differences({ event: { is: true } }, expected)).toHaveLength(1);
    expect(differences({ event: { is: false, body: "b" }, other: 0 }, expected)).toHaveLength(2);
    expect(differences("text", expected)).toHaveLength(1);
  });

  test("lets other fields be where the case says so", () => {
    const expected: CaseValue = { a: 1, $otherFields: "runtime-specific" };
    expect(differences({ a: 1, b: 2 }, expected)).toEqual([]);
    expect(differences({ b: 2 }, expected)).toHaveLength(1);
  });

  test("tries a pattern", () => {
    expect(differences("abc", { $regex: "^a.c$" })).toEqual([]);
    expect(differences("abd", { $regex: "^a.c$" })).toHaveLength(1);
    expect(differences(1, { $regex: "1" })).toHaveLength(1);
  });

  test("for every JSON value, it conforms to itself and to no other", () => {
    const plain = fc
      .jsonValue()
      .map((value) => JSON.parse(JSON.stringify(value)) as CaseValue)
      .filter((value) => !/[<$]/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(plain, plain, (one, other) => {
        const isSame = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        return (
          differences(one, one).length === 0 && (differences(one, other).length === 0) === isSame
        );
      }),
    );
  });
});

const A_B_C: CaseValue = { a: "<name:1>", b: "<name:2>", c: "<name:2>" };

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { members: entries.map(([key, member]) => [key, sorted(member)]) };
}
