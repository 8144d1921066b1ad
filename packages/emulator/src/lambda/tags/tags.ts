import { invalidParameter, invalidRequestContent, validationFailed } from "../aws-error.ts";
import { isMembers, type RequestMembers } from "../function-input.ts";

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html, read 2026-11-24. */
const TAGS_MAX = 50;
const KEY_CHARS_MAX = 128;
const VALUE_CHARS_MAX = 256;

/** Reads the member `Tags`; absent and null are none. @throws AwsError 400 unless it is an object of strings. */
export function tagsMember(members: RequestMembers): ReadonlyMap<string, string> {
  const given = members["Tags"];
  if (given === undefined || given === null) return new Map();
  if (!isMembers(given) || Object.values(given).some((value) => typeof value !== "string")) {
    throw invalidRequestContent(
      "Could not parse request body into json: Tags must be an object of strings",
    );
  }
  return new Map(Object.entries(given).map(([key, value]) => [key, String(value)]));
}

/**
 * The tags of a function with others added.
 *
 * @throws AwsError 400 when a tag is too long or there are too many.
 */
export function withTags(
  tags: ReadonlyMap<string, string>,
  added: ReadonlyMap<string, string>,
): Map<string, string> {
  const failures = [...added].flatMap(([key, value]) => [
    ...lengthFailures("key", key, KEY_CHARS_MAX),
    ...lengthFailures("value", value, VALUE_CHARS_MAX),
  ]);
  if (failures.length > 0) throw validationFailed(failures);
  const merged = new Map([...tags, ...added]);
  if (merged.size > TAGS_MAX) throw invalidParameter("Number of tags exceeds resource tag limit.");
  return merged;
}

function lengthFailures(what: string, text: string, charsMax: number): string[] {
  if (text.length <= charsMax) return [];
  return [
    `Value '${text}' at 'tags' failed to satisfy constraint: Map ${what} must satisfy constraint: [Member must have length less than or equal to ${charsMax}]`,
  ];
}
