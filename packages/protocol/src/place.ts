import type { ErrorCode } from "@pilotlight/core";

import { PilotlightError } from "@pilotlight/core";

/** Where in a body a value stands, and the code of the error when it is refused. */
export interface Place {
  readonly path: string;
  readonly code: ErrorCode;
}

const SHOWN_CHARS_MAX = 60;
const SHOWN_NAMES_MAX = 12;

/** The place of a part: `at(place, ".shape")`. */
export function at(place: Place, suffix: string): Place {
  return { path: place.path + suffix, code: place.code };
}

/** The error that refuses what stands at a place. */
export function refusal(place: Place, problem: string): PilotlightError {
  return new PilotlightError(place.code, `${place.path}: ${problem}`);
}

/** Writes a value that came from outside for an error message: short, and never the inside of an object. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(cut(value));
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? "an array" : "an object";
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
    case "boolean":
      return cut(String(value));
    case "undefined":
      return "nothing";
    case "function":
    case "symbol":
      return `a ${typeof value}`;
  }
}

function cut(text: string): string {
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}

/** Writes the names that would have been accepted, not endlessly many. */
export function shownNames(names: readonly string[]): string {
  const listed = names.slice(0, SHOWN_NAMES_MAX).map((name) => shown(name));
  const rest = names.length - listed.length;
  return rest > 0 ? `${listed.join(", ")} and ${rest} more` : listed.join(", ");
}

/** Writes a shape as the protocol does: `[-1, 3]`. */
export function shownShape(shape: readonly number[]): string {
  const listed = shape.slice(0, SHOWN_NAMES_MAX).join(", ");
  return shape.length > SHOWN_NAMES_MAX ? `[${listed}, …]` : `[${listed}]`;
}
