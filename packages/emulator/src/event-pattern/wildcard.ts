/** A character of a wildcard pattern, or the place of any characters. */
type Token = string | typeof ANY;

const ANY = Symbol("any characters");

/** Why `text` is no wildcard pattern; `undefined` where it is one. */
export function wildcardFailure(text: string): string | undefined {
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === "*" && text[index + 1] === "*") {
      return `Consecutive wildcard characters at pos ${index}`;
    }
    if (text[index] !== "\\") continue;
    if (text[index + 1] !== "*" && text[index + 1] !== "\\") {
      return `Invalid escape character at pos ${index}`;
    }
    index += 1;
  }
  return undefined;
}

/**
 * Whether `value` is what the wildcard pattern says: `*` stands for any characters, also none; `\*` and `\\` for
 * themselves.
 *
 * It goes back to the last `*` only, so that it takes at most the product of the two lengths.
 */
export function matchesWildcard(value: string, text: string): boolean {
  const tokens = tokensOf(text);
  let at = 0;
  let token = 0;
  let retry: { token: number; at: number } | undefined;
  while (at < value.length) {
    const wanted = tokens[token];
    if (wanted === ANY) {
      retry = { token, at };
      token += 1;
    } else if (wanted === value[at]) {
      token += 1;
      at += 1;
    } else if (retry !== undefined) {
      retry.at += 1;
      at = retry.at;
      token = retry.token + 1;
    } else {
      return false;
    }
  }
  return tokens.slice(token).every((rest) => rest === ANY);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (character === "\\") index += 1;
    tokens.push(character === "*" ? ANY : character === "\\" ? (text[index] ?? "") : character);
  }
  return tokens;
}
