import type { EventPattern, NumericBound, Scalar, ValueTest } from "./pattern.ts";
import { matchesWildcard } from "./wildcard.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Whether an event is as the pattern says.
 *
 * A field with several values passes where one of them does; where the values are objects, one of them must have
 * everything that the pattern says of it. Only fields with a value exist: one that holds an object or an empty list
 * is absent, as on AWS.
 *
 * @param value - The event, parsed.
 */
export function matchesEvent(pattern: EventPattern, value: unknown): boolean {
  return candidates(value).some((candidate) => matchesObject(pattern, candidate));
}

function matchesObject(pattern: EventPattern, members: Members | undefined): boolean {
  for (const [name, field] of pattern.fields) {
    const value = members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
    const isMatch =
      field.kind === "pattern" ? matchesEvent(field, value) : passesOne(field.tests, value);
    if (!isMatch) return false;
  }
  return pattern.alternatives.every((patterns) =>
    patterns.some((alternative) => matchesObject(alternative, members)),
  );
}

/** The objects that a pattern can be about; where there is none, its fields are absent. */
function candidates(value: unknown): (Members | undefined)[] {
  const objects = leaves(value).filter(
    (leaf): leaf is Members => typeof leaf === "object" && leaf !== null,
  );
  return objects.length === 0 ? [undefined] : objects;
}

function passesOne(tests: readonly ValueTest[], value: unknown): boolean {
  const scalars = leaves(value).filter((leaf): leaf is Scalar => isScalar(leaf));
  return tests.some((test) =>
    test.kind === "exists"
      ? test.isPresent === scalars.length > 0
      : scalars.some((scalar) => passes(test, scalar)),
  );
}

function passes(test: ValueTest, value: Scalar): boolean {
  switch (test.kind) {
    case "equals":
      return test.value === value;
    case "exists":
      return test.isPresent;
    case "anything-but":
      return !test.tests.some((inner) => passes(inner, value));
    case "numeric":
      return typeof value === "number" && test.bounds.every((bound) => isWithin(bound, value));
    case "cidr":
      return typeof value === "string" && test.contains(value);
    case "equals-ignore-case":
      return typeof value === "string" && value.toLowerCase() === test.text.toLowerCase();
    case "wildcard":
      return typeof value === "string" && matchesWildcard(value, test.text);
    case "prefix":
    case "suffix":
      return typeof value === "string" && passesAffix(test, value);
  }
}

function passesAffix(
  { kind, text, ignoresCase }: Extract<ValueTest, { readonly text: string }>,
  value: string,
): boolean {
  const [whole, part] =
    ignoresCase === true ? [value.toLowerCase(), text.toLowerCase()] : [value, text];
  return kind === "prefix" ? whole.startsWith(part) : whole.endsWith(part);
}

function isWithin({ operator, limit }: NumericBound, value: number): boolean {
  switch (operator) {
    case "=":
      return value === limit;
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
  }
}

/** What a value is or, as a list, holds at any depth; a loop, for an event may be nested deeper than the stack. */
function leaves(value: unknown): unknown[] {
  if (value === undefined) return [];
  const found: unknown[] = [];
  const rest: unknown[] = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (Array.isArray(next)) for (const entry of next as unknown[]) rest.push(entry);
    else found.push(next);
  }
  return found;
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}
