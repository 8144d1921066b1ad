import { invariant } from "@pilotlight/core";

import { type EventPattern, matchesEvent, parseEventPattern } from "../event-pattern/index.ts";

/**
 * The test that the filters of a mapping are together: a record must match one of them.
 *
 * A body that is a JSON object or list is compared as such, every other one as text. A filter for the one never
 * matches the other.
 *
 * @param patterns - Valid event patterns; without any, every record passes.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html read 2026-11-24
 */
export function recordFilter(
  patterns: readonly string[],
): (record: Readonly<Record<string, unknown>>) => boolean {
  if (patterns.length === 0) return () => true;
  const parsed = patterns.map((text) => {
    const pattern = parseEventPattern(text);
    invariant(pattern.kind === "pattern", `the filter ${text} was checked before it was kept`);
    return pattern;
  });
  return (record) => {
    const body = comparedBody(record["body"]);
    return parsed.some(
      (pattern) => isOfKind(pattern, body) && matchesEvent(pattern, { ...record, body }),
    );
  };
}

function comparedBody(body: unknown): unknown {
  if (typeof body !== "string") return body;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : body;
  } catch {
    // What is no JSON is a plain string, which a filter can be about.
    return body;
  }
}

function isOfKind(pattern: EventPattern, body: unknown): boolean {
  const field = pattern.fields.get("body");
  return field === undefined || (field.kind === "pattern") === (typeof body === "object");
}
