import { BlockList, isIP } from "node:net";

import type {
  NumericBound,
  NumericOperator,
  PatternRefusal,
  Scalar,
  TextTest,
  ValueTest,
} from "./pattern.ts";
import { wildcardFailure } from "./wildcard.ts";

type Parsed = ValueTest | PatternRefusal;

/** Numbers that can be compared: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html read 2026-11-24 */
const NUMBER_MAX = 5_000_000_000;

const OPERATORS: Readonly<Record<string, (value: unknown) => Parsed>> = {
  prefix: (value) => parseAffix("prefix", value),
  suffix: (value) => parseAffix("suffix", value),
  "equals-ignore-case": (value) => parseText("equals-ignore-case", value),
  wildcard: parseWildcard,
  "anything-but": parseAnythingBut,
  numeric: parseNumeric,
  exists: (value) =>
    typeof value === "boolean"
      ? { kind: "exists", isPresent: value }
      : refused("exists match pattern must be either true or false."),
  cidr: parseCidr,
};

/** What `anything-but` can hold instead of values. */
const NEGATED: ReadonlySet<string> = new Set([
  "prefix",
  "suffix",
  "equals-ignore-case",
  "wildcard",
]);

const NUMERIC_OPERATORS: readonly NumericOperator[] = ["=", "<", "<=", ">", ">="];

/** Whether a member of that name makes an object a matcher. */
export function isOperator(name: string): boolean {
  return Object.hasOwn(OPERATORS, name);
}

/** Reads one entry of a field's list: a value, or an object with one operator. */
export function parseValueTest(entry: unknown): Parsed {
  if (isScalar(entry)) return { kind: "equals", value: entry };
  if (typeof entry !== "object" || Array.isArray(entry)) {
    return refused("Match value must be String, number, true, false, or null");
  }
  return parseOperator(entry as Readonly<Record<string, unknown>>, Object.keys(OPERATORS));
}

function parseOperator(
  entry: Readonly<Record<string, unknown>>,
  allowed: Iterable<string>,
): Parsed {
  const [name, ...others] = Object.keys(entry);
  if (name === undefined) return refused("Empty objects are not allowed");
  if (others.length > 0) return refused("Only one key allowed in match expression");
  const parse = new Set(allowed).has(name) ? OPERATORS[name] : undefined;
  return parse === undefined ? refused(`Unrecognized match type ${name}`) : parse(entry[name]);
}

function parseAffix(kind: "prefix" | "suffix", value: unknown): Parsed {
  if (typeof value === "string") return { kind, text: value };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refused(`${kind} match pattern must be a string`);
  }
  const inner = parseOperator(value as Readonly<Record<string, unknown>>, ["equals-ignore-case"]);
  return inner.kind === "equals-ignore-case"
    ? { kind, text: inner.text, ignoresCase: true }
    : inner;
}

function parseText(kind: TextTest["kind"], value: unknown): Parsed {
  return typeof value === "string"
    ? { kind, text: value }
    : refused(`${kind} match pattern must be a string`);
}

function parseWildcard(value: unknown): Parsed {
  if (typeof value !== "string") return refused("wildcard match pattern must be a string");
  const failure = wildcardFailure(value);
  return failure === undefined ? { kind: "wildcard", text: value } : refused(failure);
}

function parseAnythingBut(value: unknown): Parsed {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return parseNegated(value as Readonly<Record<string, unknown>>);
  }
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) return refused("Empty arrays are not allowed");
  const isAlike = ["string", "number"].some((type) =>
    values.every((entry) => typeof entry === type),
  );
  if (!isAlike) {
    return refused(
      "Inside anything but list, start|null|boolean is not supported; it takes only strings or only numbers",
    );
  }
  return {
    kind: "anything-but",
    tests: values.filter(isScalar).map((entry) => ({ kind: "equals", value: entry })),
  };
}

/** `{ "anything-but": { "prefix": "a" } }`, or a list of texts in the place of one. */
function parseNegated(value: Readonly<Record<string, unknown>>): Parsed {
  const [name = "", ...others] = Object.keys(value);
  if (others.length > 0) return refused("Only one key allowed in match expression");
  if (!NEGATED.has(name)) return refused(`Unsupported anything-but pattern: ${name}`);
  const given = value[name];
  const texts: unknown[] = Array.isArray(given) ? given : [given];
  if (texts.length === 0) return refused("Empty arrays are not allowed");
  if (texts.some((text) => text === "")) return refused("Null prefix/suffix not allowed");
  const tests: ValueTest[] = [];
  for (const text of texts) {
    if (typeof text !== "string") return refused(`${name} match pattern must be a string`);
    const test = parseOperator({ [name]: text }, NEGATED);
    if (test.kind === "refused") return test;
    tests.push(test);
  }
  return { kind: "anything-but", tests };
}

function parseNumeric(value: unknown): Parsed {
  if (!Array.isArray(value)) return refused("Value of numeric must be an array.");
  const parts: unknown[] = value;
  if (parts.length === 0) return refused("Invalid member in numeric match: ]");
  if (parts.length > 4) return refused("Too many elements in numeric expression");
  const bounds: NumericBound[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const bound = parseBound(parts[index], parts[index + 1]);
    if ("kind" in bound) return bound;
    bounds.push(bound);
  }
  const failure = rangeFailure(bounds);
  return failure === undefined ? { kind: "numeric", bounds } : refused(failure);
}

function parseBound(given: unknown, limit: unknown): NumericBound | PatternRefusal {
  if (typeof given !== "string") {
    return refused(`Invalid member in numeric match: ${JSON.stringify(given)}`);
  }
  const operator = NUMERIC_OPERATORS.find((known) => known === given);
  if (operator === undefined) return refused(`Unrecognized numeric range operator: ${given}`);
  if (typeof limit !== "number") return refused(`Value of ${operator} must be numeric`);
  if (Math.abs(limit) > NUMBER_MAX) {
    return refused(`Value must be between -${NUMBER_MAX} and ${NUMBER_MAX}, inclusive`);
  }
  return { operator, limit };
}

/** Two bounds are a range: from below, then from above. */
function rangeFailure([bottom, top]: readonly NumericBound[]): string | undefined {
  if (bottom === undefined || top === undefined) return undefined;
  if (!bottom.operator.startsWith(">")) return "Too many terms in numeric range expression";
  if (!top.operator.startsWith("<")) return `Bad numeric range operator: ${top.operator}`;
  return bottom.limit < top.limit ? undefined : "Bottom must be less than top";
}

function parseCidr(value: unknown): Parsed {
  if (typeof value !== "string") return refused("prefix match pattern must be a string");
  const [network = "", length, ...rest] = value.split("/");
  if (length === undefined || rest.length > 0) return refused("Malformed CIDR, one '/' required");
  const version = isIP(network);
  if (version === 0) return refused(`Nonstandard IP address: ${network}`);
  const bitsMax = version === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(length)) return refused("Malformed CIDR, mask bits must be an integer");
  if (Number(length) > bitsMax) return refused(`Malformed CIDR, mask bits must be <= ${bitsMax}`);
  return { kind: "cidr", contains: inNetwork(network, Number(length)) };
}

function inNetwork(network: string, bits: number): (address: string) => boolean {
  const list = new BlockList();
  list.addSubnet(network, bits, family(network));
  // A list of one version would also take an IPv6 address that holds an IPv4 address.
  return (address) => isIP(address) === isIP(network) && list.check(address, family(address));
}

function family(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function refused(reason: string): PatternRefusal {
  return { kind: "refused", reason };
}
