import type { EventPattern, FieldPattern, PatternRefusal } from "./pattern.ts";
import { isOperator, parseValueTest } from "./parse-value-test.ts";

/** Objects within objects; a longer pattern than AWS takes could hold more. */
const DEPTH_MAX = 100;

/** A `$or` with fewer is a field of that name. */
const ALTERNATIVES_MIN = 2;

/**
 * Reads a pattern for events, as EventBridge rules and the filters of event source mappings have it.
 *
 * @param text - JSON.
 * @returns The pattern, or why the text is none.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html read 2026-11-24
 */
export function parseEventPattern(text: string): EventPattern | PatternRefusal {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
  return isObject(value) ? parseObject(value, 1) : refused("Filter is not an object");
}

function parseObject(
  object: Readonly<Record<string, unknown>>,
  depth: number,
): EventPattern | PatternRefusal {
  if (depth > DEPTH_MAX) return refused(`Objects are nested deeper than ${DEPTH_MAX}`);
  const entries = Object.entries(object);
  if (entries.length === 0) return refused("Empty objects are not allowed");
  const fields = new Map<string, FieldPattern>();
  const alternatives: EventPattern[][] = [];
  for (const [name, value] of entries) {
    if (name === "$or" && isAlternatives(value)) {
      const parsed = parseAlternatives(value, depth);
      if (!Array.isArray(parsed)) return parsed;
      alternatives.push(parsed);
      continue;
    }
    const field = parseField(name, { value, depth });
    if (field.kind === "refused") return field;
    fields.set(name, field);
  }
  return { kind: "pattern", fields, alternatives };
}

function parseField(
  name: string,
  { value, depth }: { value: unknown; depth: number },
): FieldPattern | PatternRefusal {
  if (isObject(value)) return parseObject(value, depth + 1);
  if (!Array.isArray(value)) return refused(`"${name}" must be an object or an array`);
  if (value.length === 0) return refused("Empty arrays are not allowed");
  const tests = [];
  for (const entry of value as unknown[]) {
    const test = parseValueTest(entry);
    if (test.kind === "refused") return test;
    tests.push(test);
  }
  return { kind: "values", tests };
}

function parseAlternatives(
  values: readonly Readonly<Record<string, unknown>>[],
  depth: number,
): EventPattern[] | PatternRefusal {
  const patterns: EventPattern[] = [];
  for (const value of values) {
    const pattern = parseObject(value, depth + 1);
    if (pattern.kind === "refused") return pattern;
    patterns.push(pattern);
  }
  return patterns;
}

/** A list of matchers such as `[{ "prefix": "a" }, { "prefix": "b" }]` is what a field named `$or` may be. */
function isAlternatives(value: unknown): value is Readonly<Record<string, unknown>>[] {
  return (
    Array.isArray(value) &&
    value.length >= ALTERNATIVES_MIN &&
    value.every((entry) => isObject(entry) && !Object.keys(entry).some(isOperator))
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(reason: string): PatternRefusal {
  return { kind: "refused", reason };
}
