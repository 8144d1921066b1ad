import { PilotlightError } from "@pilotlight/core";

import { REQUEST_LIMITS } from "./request-limits.ts";

/** A parsed JSON text. */
export interface ParsedJson {
  readonly value: unknown;
  /** The text that was parsed: its bare NaN and Infinity tokens are replaced by null. */
  readonly text: string;
  /** The first bare NaN or Infinity of the text, which is then no JSON. */
  readonly bareToken?: string;
}

/** `context.source` is in Node 24, not yet in TypeScript's library: https://github.com/tc39/proposal-json-parse-with-source */
type ExactReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: ExactReviver) => unknown;

/** Digits and sign of the longest 64-bit integer; a longer one is out of range whatever its digits. */
const INTEGER = /^-?\d{1,20}$/;

/** A longer text is not searched for bare tokens: replacing millions of them takes many times its memory. */
const SEARCHED_CHARS_MAX = 8_388_608;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

const BARE_TOKENS = ["NaN", "Infinity", "-Infinity"] as const;

/**
 * Parses the JSON text of a body.
 *
 * Bare NaN and Infinity, which Python's json module writes, are not JSON: they are read as null and reported, so
 * that the caller's validation can name the field that holds them.
 *
 * @param accepted - What the text should have been, for the error's message.
 * @throws PilotlightError ERR_BODY_MALFORMED when the text is not JSON for any other reason.
 */
export function parseJson(text: string, accepted: string): ParsedJson {
  try {
    return { value: JSON.parse(text) as unknown, text };
  } catch (error) {
    const replaced = replaceBareTokens(text);
    if (replaced === undefined) throw malformed(text, accepted, error);
    try {
      return { ...replaced, value: JSON.parse(replaced.text) as unknown };
    } catch {
      throw malformed(text, accepted, error);
    }
  }
}

/**
 * Parses a text that is known to be JSON once more, with whole numbers beyond 2^53 as exact bigints.
 *
 * It is several times slower than {@link parseJson}.
 *
 * @throws PilotlightError ERR_BODY_MALFORMED when the text is nested too deeply to be walked.
 */
export function parseExactJson(text: string): unknown {
  try {
    return parseWithSource(text, (_key, value, { source }) => {
      if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
      return source !== undefined && INTEGER.test(source) ? BigInt(source) : value;
    });
  } catch (error) {
    throw malformed(text, "JSON that is nested less deeply", error);
  }
}

/**
 * Refuses a text whose arrays and objects would take far more memory than the text.
 *
 * @throws PilotlightError ERR_BODY_TOO_LARGE above {@link REQUEST_LIMITS}.jsonContainersMax.
 */
export function checkContainers(text: string): void {
  const { jsonContainersMax } = REQUEST_LIMITS;
  // Searching is much faster than walking: brackets in strings are told apart only where there are that many.
  if (occurrences(text, "[") + occurrences(text, "{") <= jsonContainersMax) return;
  let containers = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char === QUOTE) index = endOfString(text, index) - 1;
    else if (char === BRACKET || char === BRACE) containers += 1;
  }
  if (containers <= jsonContainersMax) return;
  throw new PilotlightError(
    "ERR_BODY_TOO_LARGE",
    `the body's JSON holds ${containers} arrays and objects, at most ${jsonContainersMax} are accepted; send data flat, or in binary (binary tensor data extension)`,
  );
}

function occurrences(text: string, char: string): number {
  let count = 0;
  for (let at = text.indexOf(char); at >= 0; at = text.indexOf(char, at + 1)) count += 1;
  return count;
}

/** Exact value of a decimal string of a 64-bit integer; nothing for any other string. */
export function integerOf(text: string): bigint | undefined {
  return INTEGER.test(text) ? BigInt(text) : undefined;
}

function malformed(text: string, accepted: string, cause: unknown): PilotlightError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const problem = text.trim() === "" ? "the body is empty" : `the body is not JSON: ${reason}`;
  return new PilotlightError("ERR_BODY_MALFORMED", `${problem}; accepted: ${accepted}`, { cause });
}

function replaceBareTokens(
  text: string,
): { readonly text: string; readonly bareToken: string } | undefined {
  if (text.length > SEARCHED_CHARS_MAX) return undefined;
  const pieces: string[] = [];
  let bareToken: string | undefined;
  let copiedTo = 0;
  let index = 0;
  while (index < text.length) {
    const char = text[index];
    const token =
      char === '"' ? undefined : BARE_TOKENS.find((each) => text.startsWith(each, index));
    if (token === undefined) {
      index = char === '"' ? endOfString(text, index) : index + 1;
    } else {
      bareToken ??= token;
      pieces.push(text.slice(copiedTo, index), "null");
      index += token.length;
      copiedTo = index;
    }
  }
  if (bareToken === undefined) return undefined;
  return { text: pieces.join("") + text.slice(copiedTo), bareToken };
}

/** The index after the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length) {
    const char = text.charCodeAt(index);
    if (char === QUOTE) break;
    index += char === BACKSLASH ? 2 : 1;
  }
  return index + 1;
}
