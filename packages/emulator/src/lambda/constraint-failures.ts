/** The sentence for a value that is none of those accepted, `name` as the service model has it. */
export function enumFailures(
  name: string,
  value: string | undefined,
  accepted: readonly string[],
): string[] {
  if (value === undefined || accepted.includes(value)) return [];
  return [
    `Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy enum value set: [${accepted.join(", ")}]`,
  ];
}

/** The sentence for a value that is missing or does not match, `name` and `text` as the service model has them. */
export function patternFailures(
  name: string,
  value: string | undefined,
  { pattern, text }: { pattern: RegExp; text: string },
): string[] {
  if (value === undefined) {
    return [`Value null at '${name}' failed to satisfy constraint: Member must not be null`];
  }
  if (pattern.test(value)) return [];
  return [
    `Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${text}`,
  ];
}
