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
  if (typeof value === "string") {
    const isLong = value.length > SHOWN_CHARS_MAX;
    return JSON.stringify(isLong ? `${value.slice(0, SHOWN_CHARS_MAX)}…` : value);
  }
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (Object.is(value, -0)) return "-0";
  const text = String(value);
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
