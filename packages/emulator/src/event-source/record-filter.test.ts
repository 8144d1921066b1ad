import { describe, expect, test } from "vitest";

import { recordFilter } from "./record-filter.ts";

const passes = (patterns: readonly unknown[], body: string, more: object = {}) =>
  recordFilter(patterns.map((pattern) => JSON.stringify(pattern)))({ body, ...more });

describe("recordFilter", () => {
  test("lets everything pass where there is no filter", () => {
    expect(passes([], "anything")).toBe(true);
  });

  test("compares a JSON body member by member", () => {
    const patterns = [{ body: { code: ["BBBB"] } }];
    expect(passes(patterns, '{"code":"BBBB","more":1}')).toBe(true);
    expect(passes(patterns, '{"code":"AAAA"}')).toBe(false);
  });

  test("needs one of its filters to match", () => {
    const patterns = [{ body: { a: [1] } }, { body: { b: [2] } }];
    expect(passes(patterns, '{"b":2}')).toBe(true);
    expect(passes(patterns, '{"b":1}')).toBe(false);
  });

  test("compares any other body as text", () => {
    const patterns = [{ body: [{ prefix: "Result: " }] }];
    expect(passes(patterns, "Result: 5")).toBe(true);
    expect(passes(patterns, "result: 5")).toBe(false);
    expect(passes([{ body: ["5"] }], "5")).toBe(true);
  });

  test("drops a message whose body is of the other kind", () => {
    expect(passes([{ body: [{ exists: false }] }], '{"a":1}')).toBe(false);
    expect(passes([{ body: { a: [{ exists: false }] } }], "text")).toBe(false);
  });

  test("compares other members of the record", () => {
    const patterns = [{ attributes: { MessageGroupId: ["a"] } }];
    expect(passes(patterns, "text", { attributes: { MessageGroupId: "a" } })).toBe(true);
    expect(passes(patterns, "text", { attributes: { MessageGroupId: "b" } })).toBe(false);
  });
});
