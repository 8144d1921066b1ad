import { isDeepStrictEqual } from "node:util";

import type { CaseValue } from "./case-file.ts";
import { bytesOf, constructed, isConstructor } from "./constructed.ts";
import { matchText } from "./text-pattern.ts";

/** What a comparison knows beside the two values. */
export interface MatchContext {
  /** Values of numbered placeholders such as `<uuid:2>`; a comparison adds those that it meets first. */
  readonly bindings: Map<string, string>;
  /** Paths at which the recorder has put its tokens, from the root `$`. */
  readonly volatile?: readonly string[];
  /** What `$sameAs` can name. */
  readonly references?: Readonly<Record<string, unknown>>;
}

/** Bodies of messages and of records, and patterns of filters. */
const PARSED_MEMBER = /\.(?:Body|body|Pattern)$/;

/** Longest value that a message prints. */
const SHOWN_CHARS_MAX = 300;

/**
 * How `actual` differs from what a case expects; one sentence for each place, none when it conforms.
 *
 * Objects have exactly the members that are expected, unless `$contains` or `$otherFields` says
 * otherwise. A text may hold placeholders (see {@link matchText}); one that is nothing else stands
 * for a value of any type.
 *
 * @param path - Where the values stand, for messages and for `volatile`.
 */
export function mismatches(
  { actual, expected, path = "$" }: { actual: unknown; expected: CaseValue; path?: string },
  context: MatchContext,
): string[] {
  if (typeof expected === "string") return textMismatches({ actual, expected, path }, context);
  if (Array.isArray(expected)) {
    return arrayMismatches({ actual, expected: expected as readonly CaseValue[], path }, context);
  }
  if (typeof expected === "object" && expected !== null) {
    return objectMismatches(
      { actual, expected: expected as Readonly<Record<string, CaseValue>>, path },
      context,
    );
  }
  return Object.is(actual, expected) ? [] : [difference(path, actual, expected)];
}

interface Place<Expected> {
  readonly actual: unknown;
  readonly expected: Expected;
  readonly path: string;
}

type Members = Readonly<Record<string, CaseValue>>;

function textMismatches(
  { actual, expected, path }: Place<string>,
  { bindings, volatile = [] }: MatchContext,
): string[] {
  if (actual === undefined) return [difference(path, actual, expected)];
  const isWhole = /^<[^<>]+>$/.test(expected);
  if (typeof actual !== "string" && !isWhole) return [difference(path, actual, expected)];
  const text = typeof actual === "string" ? actual : JSON.stringify(actual);
  const isVolatile = volatile.includes(path);
  return matchText(text, expected, { bindings, isVolatile })
    ? []
    : [difference(path, actual, withBindings(expected, bindings))];
}

function arrayMismatches(
  { actual, expected, path }: Place<readonly CaseValue[]>,
  context: MatchContext,
): string[] {
  if (!Array.isArray(actual)) return [difference(path, actual, expected)];
  const lengths =
    actual.length === expected.length
      ? []
      : [`${path}: ${actual.length} entries instead of ${expected.length}: ${shown(actual)}`];
  const entries = expected.slice(0, actual.length).flatMap((entry, index) => {
    return mismatches(
      { actual: actual[index] as unknown, expected: entry, path: `${path}[${index}]` },
      context,
    );
  });
  return [...lengths, ...entries];
}

function objectMismatches(whole: Place<Members>, context: MatchContext): string[] {
  const place = { ...whole, actual: parsedMember(whole) };
  const { actual, expected, path } = place;
  if (isConstructor(expected)) return bytesMismatches(place);
  if ("$empty" in expected) return isEmpty(actual) ? [] : [difference(path, actual, "nothing")];
  if ("$regex" in expected) return regexMismatches(place);
  if ("$sameAs" in expected) return sameAsMismatches(place, context);
  if ("$contains" in expected || "$absent" in expected) return partMismatches(place, context);
  if (!isRecord(actual)) return [difference(path, actual, expected)];
  const members = Object.entries(expected).filter(([key]) => key !== "$otherFields");
  const others = Object.keys(actual).filter((key) => !(key in expected));
  return [
    ...members.flatMap(([key, member]) => {
      return mismatches(
        { actual: actual[key], expected: member, path: memberPath(path, key) },
        context,
      );
    }),
    ...("$otherFields" in expected
      ? []
      : others.map((key) => `${memberPath(path, key)}: ${shown(actual[key])} is not expected`)),
  ];
}

/** The recorder parsed the members that hold JSON as text. */
function parsedMember({ actual, path }: Place<Members>): unknown {
  if (typeof actual !== "string" || !PARSED_MEMBER.test(path)) return actual;
  try {
    return JSON.parse(actual) as unknown;
  } catch {
    // It is no JSON and so differs from what is expected.
    return actual;
  }
}

/** A constructor stands for bytes: those of the text, or of the value as JSON. */
function bytesMismatches({ actual, expected, path }: Place<Members>): string[] {
  const wanted = bytesOf(constructed(expected));
  const got = actual === undefined ? undefined : bytesOf(actual);
  if (got !== undefined && wanted.equals(got)) return [];
  return [`${path}: ${shown(actual)} (${got?.length ?? 0} bytes) instead of ${shown(expected)}`];
}

function regexMismatches({ actual, expected, path }: Place<Members>): string[] {
  const pattern = new RegExp(expected["$regex"] as string);
  return typeof actual === "string" && pattern.test(actual)
    ? []
    : [difference(path, actual, String(pattern))];
}

function sameAsMismatches(
  { actual, expected, path }: Place<Members>,
  { references = {} }: MatchContext,
): string[] {
  const name = expected["$sameAs"] as string;
  if (!(name in references)) return [`${path}: the runner knows no "${name}" to compare with`];
  return isDeepStrictEqual(actual, references[name])
    ? []
    : [`${path}: ${shown(actual)} is not the same as the ${name}`];
}

function partMismatches(place: Place<Members>, context: MatchContext): string[] {
  const { actual, expected, path } = place;
  const { $contains: part = {}, $absent: absent = [] } = expected;
  const found = (absent as readonly string[]).filter((name) => valueAt(actual, name) !== undefined);
  return [
    ...partOf({ actual, expected: part, path }, context),
    ...found.map((name) => `${path}.${name}: ${shown(valueAt(actual, name))} must be absent`),
  ];
}

function partOf({ actual, expected, path }: Place<CaseValue>, context: MatchContext): string[] {
  if (typeof expected !== "object" || expected === null || Array.isArray(expected)) {
    return mismatches({ actual, expected, path }, context);
  }
  if (!isRecord(actual)) return [difference(path, actual, expected)];
  return Object.entries(expected as Members).flatMap(([key, member]) => {
    return partOf({ actual: actual[key], expected: member, path: memberPath(path, key) }, context);
  });
}

function valueAt(value: unknown, dottedPath: string): unknown {
  let inner = value;
  for (const key of dottedPath.split(".")) inner = isRecord(inner) ? inner[key] : undefined;
  return inner;
}

/** As the cases write their volatile paths: `$.headers['x-amz-log-result']`. */
function memberPath(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}['${key}']`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}

function withBindings(expected: string, bindings: ReadonlyMap<string, string>): string {
  return expected.replaceAll(/<([^<>]+)>/g, (token, name: string) => bindings.get(name) ?? token);
}

function difference(path: string, actual: unknown, expected: unknown): string {
  return `${path}: ${shown(actual)} instead of ${shown(expected)}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`;
}
