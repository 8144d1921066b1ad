import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { matchesEvent, parseEventPattern } from "./index.ts";
import type { EventPattern } from "./pattern.ts";
import { matchesWildcard, wildcardFailure } from "./wildcard.ts";

function parsed(pattern: unknown): EventPattern {
  const result = parseEventPattern(JSON.stringify(pattern));
  if (result.kind === "refused") throw new Error(result.reason);
  return result;
}

function matches(pattern: unknown, event: unknown): boolean {
  return matchesEvent(parsed(pattern), event);
}

function reasonOf(pattern: unknown): string | undefined {
  const result = parseEventPattern(typeof pattern === "string" ? pattern : JSON.stringify(pattern));
  return result.kind === "refused" ? result.reason : undefined;
}

describe("matchesEvent", () => {
  // Each row: what the field may be, a value that passes, a value that does not. The first ones are the examples of
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
  test.for<[unknown[], unknown, unknown]>([
    [["running"], "running", "Running"],
    [[100], 100, "100"],
    [[true], true, "true"],
    [[null], null, ""],
    [[""], "", null],
    [[{ prefix: "us-" }], "us-east-1", "eu-us-1"],
    [[{ prefix: { "equals-ignore-case": "EventB" } }], "eventbridge", "event"],
    [[{ suffix: ".png" }], "a.png", "a.PNG"],
    [[{ suffix: { "equals-ignore-case": ".png" } }], "a.PNG", "a.jpg"],
    [[{ "equals-ignore-case": "alice" }], "ALICE", "bob"],
    [[{ "anything-but": "initializing" }], "running", "initializing"],
    [[{ "anything-but": 123 }], 124, 123],
    [[{ "anything-but": ["a", "b"] }], "c", "b"],
    [[{ "anything-but": [1, 2] }], 3, 2],
    [[{ "anything-but": { prefix: "init" } }], "running", "initial"],
    [[{ "anything-but": { prefix: ["a", "b"] } }], "c", "bc"],
    [[{ "anything-but": { suffix: ".txt" } }], "a.png", "a.txt"],
    [[{ "anything-but": { "equals-ignore-case": ["ON", "OFF"] } }], "idle", "off"],
    [[{ "anything-but": { wildcard: "*/lib/*" } }], "/src/a", "/lib/a"],
    [[{ numeric: ["=", 5] }], 5, 6],
    [[{ numeric: [">", 0, "<=", 5] }], 5, 0],
    [[{ numeric: ["<", 10] }], 9.5, 10],
    [[{ numeric: [">=", -1] }], -1, "0"],
    [[{ cidr: "10.0.0.0/24" }], "10.0.0.255", "10.0.1.0"],
    [[{ cidr: "2001:db8::/32" }], "2001:db8::1", "2001:db9::1"],
    [[{ cidr: "10.0.0.0/24" }], "10.0.0.1", "not an address"],
    [[{ wildcard: "dir/*.png" }], "dir/a/b.png", "dir/a.jpg"],
    [[{ exists: true }], "any", { nested: 1 }],
    [[{ exists: false }], [], "any"],
    [["a", { prefix: "b" }], "bc", "c"],
    [["b"], ["a", "b"], ["a", "c"]],
    [["b"], [["a"], ["b"]], [[["a"]]]],
  ])("takes %j for %j and not for %j", ([tests, passing, failing]) => {
    expect(matches({ field: tests }, { field: passing })).toBe(true);
    expect(matches({ field: tests }, { field: failing })).toBe(false);
  });

  test("needs every field, at any depth", () => {
    const pattern = { source: ["aws.ec2"], detail: { state: ["running"] } };
    expect(matches(pattern, { source: "aws.ec2", detail: { state: "running", more: 1 } })).toBe(
      true,
    );
    expect(matches(pattern, { source: "aws.ec2", detail: { state: "stopped" } })).toBe(false);
    expect(matches(pattern, { source: "aws.ec2", detail: "running" })).toBe(false);
    expect(matches(pattern, { source: "aws.ec2" })).toBe(false);
  });

  test("takes one of the alternatives beside the other fields", () => {
    const pattern = { a: [1], $or: [{ b: [2] }, { c: { d: [{ numeric: [">", 3] }] } }] };
    expect(matches(pattern, { a: 1, b: 2 })).toBe(true);
    expect(matches(pattern, { a: 1, c: { d: 4 } })).toBe(true);
    expect(matches(pattern, { a: 1, b: 3, c: { d: 3 } })).toBe(false);
    expect(matches(pattern, { b: 2 })).toBe(false);
  });

  test("takes a field named $or where its list holds matchers", () => {
    expect(matches({ $or: [{ prefix: "a" }, { prefix: "b" }] }, { $or: "bc" })).toBe(true);
    expect(matches({ $or: ["a"] }, { $or: "a" })).toBe(true);
  });

  test("wants one object of a list to have everything", () => {
    const pattern = { items: { name: ["a"], size: [1] } };
    expect(matches(pattern, { items: [{ name: "b" }, { name: "a", size: 1 }] })).toBe(true);
    expect(matches(pattern, { items: [{ name: "a" }, { size: 1 }] })).toBe(false);
  });

  test("takes an absent field, also of an absent object, for one that does not exist", () => {
    expect(matches({ a: { b: [{ exists: false }] } }, {})).toBe(true);
    expect(matches({ a: { b: [{ exists: false }] } }, { a: { b: null } })).toBe(false);
    expect(matches({ a: [{ "anything-but": "x" }] }, {})).toBe(false);
  });

  test("takes names that every object inherits for absent", () => {
    expect(matches({ constructor: [{ exists: false }] }, {})).toBe(true);
    expect(matches({ toString: { length: [0] } }, {})).toBe(false);
  });

  test("looks through lists that are nested deeper than the stack", () => {
    const event = JSON.parse(`{"a":${"[".repeat(200_000)}"x"${"]".repeat(200_000)}}`) as unknown;
    expect(matches({ a: ["x"] }, event)).toBe(true);
  });
});

describe("parseEventPattern", () => {
  test.for<[unknown, string]>([
    ["[]", "Filter is not an object"],
    ["null", "Filter is not an object"],
    ['"text"', "Filter is not an object"],
    [{}, "Empty objects are not allowed"],
    [{ a: {} }, "Empty objects are not allowed"],
    [{ a: [] }, "Empty arrays are not allowed"],
    [{ a: "x" }, '"a" must be an object or an array'],
    [{ a: 1 }, '"a" must be an object or an array'],
    [{ a: [["x"]] }, "Match value must be String, number, true, false, or null"],
    [{ a: [{}] }, "Empty objects are not allowed"],
    [{ a: [{ unknown: 1 }] }, "Unrecognized match type unknown"],
    [{ a: [{ toString: 1 }] }, "Unrecognized match type toString"],
    [{ a: [{ prefix: "a", suffix: "b" }] }, "Only one key allowed in match expression"],
    [{ a: [{ prefix: 1 }] }, "prefix match pattern must be a string"],
    [{ a: [{ suffix: { prefix: "a" } }] }, "Unrecognized match type prefix"],
    [{ a: [{ exists: "yes" }] }, "exists match pattern must be either true or false."],
    [{ a: [{ numeric: 1 }] }, "Value of numeric must be an array."],
    [{ a: [{ numeric: [] }] }, "Invalid member in numeric match: ]"],
    [{ a: [{ numeric: ["~", 1] }] }, "Unrecognized numeric range operator: ~"],
    [{ a: [{ numeric: ["<", "1"] }] }, "Value of < must be numeric"],
    [{ a: [{ numeric: [">", 5, "<", 5] }] }, "Bottom must be less than top"],
    [{ a: [{ numeric: [">", 1, ">", 2] }] }, "Bad numeric range operator: >"],
    [{ a: [{ numeric: ["<", 1, "<", 2] }] }, "Too many terms in numeric range expression"],
    [
      { a: [{ numeric: ["<", 6e9] }] },
      "Value must be between -5000000000 and 5000000000, inclusive",
    ],
    [{ a: [{ cidr: "10.0.0.0" }] }, "Malformed CIDR, one '/' required"],
    [{ a: [{ cidr: "10.0.0/24" }] }, "Nonstandard IP address: 10.0.0"],
    [{ a: [{ cidr: "10.0.0.0/33" }] }, "Malformed CIDR, mask bits must be <= 32"],
    [{ a: [{ wildcard: "a**b" }] }, "Consecutive wildcard characters at pos 1"],
    [{ a: [{ wildcard: String.raw`a\b` }] }, "Invalid escape character at pos 1"],
    [{ a: [{ "anything-but": [] }] }, "Empty arrays are not allowed"],
    [{ a: [{ "anything-but": { prefix: "" } }] }, "Null prefix/suffix not allowed"],
    [{ a: [{ "anything-but": { cidr: "x" } }] }, "Unsupported anything-but pattern: cidr"],
    [{ $or: [{ a: [1] }, { b: [] }] }, "Empty arrays are not allowed"],
  ])("refuses %j: %s", ([pattern, reason]) => {
    expect(reasonOf(pattern)).toBe(reason);
  });

  test("refuses a list of strings and numbers after anything-but", () => {
    expect(reasonOf({ a: [{ "anything-but": ["a", 1] }] })).toMatch(/only strings or only numbers/);
    expect(reasonOf({ a: [{ "anything-but": null }] })).toMatch(/only strings or only numbers/);
  });

  test("refuses what is no JSON, and what is nested too deep", () => {
    expect(reasonOf("simple string")).toMatch(/JSON/);
    expect(reasonOf(`${'{"a":'.repeat(5_000)}[1]${"}".repeat(5_000)}`)).toMatch(/nested deeper/);
  });
});

/** A pattern and an event out of few values, so that both answers are frequent. */
const scalar = fc.constantFrom("a", "ab", "b", 1, 2, true, null);
const name = fc.constantFrom("x", "y");
const eventValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(name, tie("value"), { maxKeys: 2 }),
})).object;
const simpleTest = fc.oneof(
  scalar,
  fc.record({ prefix: fc.constantFrom("a", "b") }),
  fc.record({ "anything-but": fc.constantFrom("a", "b", 1) }),
  fc.record({ exists: fc.boolean() }),
  fc.constant({ numeric: [">", 1] }),
);
const patternValue = fc.letrec((tie) => ({
  field: fc.oneof(
    { depthSize: "small" },
    fc.array(simpleTest, { minLength: 1, maxLength: 2 }),
    tie("pattern"),
  ),
  pattern: fc.dictionary(name, tie("field"), { minKeys: 1, maxKeys: 2 }),
})).pattern;

type Json = Readonly<Record<string, unknown>>;

/** The rules once more, as plainly as they can be said, without lists of objects and without `$or`. */
function naive(pattern: Json, event: unknown): boolean {
  return Object.entries(pattern).every(([key, field]) => {
    const isObject = typeof event === "object" && event !== null && !Array.isArray(event);
    const value = isObject && Object.hasOwn(event, key) ? (event as Json)[key] : undefined;
    if (!Array.isArray(field)) return naive(field as Json, value);
    const values = (Array.isArray(value) ? value : [value]).filter(
      (one) => one !== undefined && (typeof one !== "object" || one === null),
    );
    return (field as unknown[]).some((wanted) => {
      if (typeof wanted !== "object" || wanted === null) return values.includes(wanted);
      const [operator, operand] = Object.entries(wanted)[0] ?? [];
      if (operator === "exists") return operand === values.length > 0;
      return values.some((one) => {
        if (operator === "prefix")
          return typeof one === "string" && one.startsWith(String(operand));
        if (operator === "numeric") return typeof one === "number" && one > 1;
        return one !== operand;
      });
    });
  });
}

test("for every pattern and event, the answer is that of the plain rules", () => {
  let matching = 0;
  fc.assert(
    fc.property(patternValue, eventValue, (pattern, event) => {
      const isMatch = matches(pattern, event);
      if (isMatch) matching += 1;
      expect(isMatch).toBe(naive(pattern as Json, event));
    }),
    { numRuns: 2_000, seed: 20_261_124 },
  );
  expect(matching).toBeGreaterThan(200);
});

test("for every wildcard pattern and text, the answer is that of the regular expression", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "\\"), maxLength: 8 });
  let valid = 0;
  fc.assert(
    fc.property(text, text, (pattern, value) => {
      fc.pre(wildcardFailure(pattern) === undefined);
      valid += 1;
      const source = pattern
        .split(/(\\.|\*)/su)
        .map((part) => (part === "*" ? "[\\s\\S]*" : RegExp.escape(part.replace(/^\\(?=.)/su, ""))))
        .join("");
      expect(matchesWildcard(value, pattern)).toBe(new RegExp(`^${source}$`, "u").test(value));
    }),
    { numRuns: 2_000, seed: 20_261_124 },
  );
  expect(valid).toBeGreaterThan(200);
});

test("a wildcard pattern does not take longer than its length times that of the text", () => {
  const startMs = performance.now();
  expect(matchesWildcard("a".repeat(100_000), `${"*a".repeat(20)}b`)).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(2_000);
});
