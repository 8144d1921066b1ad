/** What a text is compared with beside its pattern. */
export interface TextContext {
  /** Values of numbered placeholders; a match adds those that it meets first. */
  readonly bindings: Map<string, string>;
  /** Whether the recorder has put its tokens here, so that the field `date` means any time. */
  readonly isVolatile: boolean;
}

/** Shapes of the kinds of placeholder that have one; any other kind is any text that is not empty. */
const SHAPES: Readonly<Record<string, string>> = {
  uuid: "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
  "request-id": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
  "epoch-ms": "\\d{13}",
  "iso-time": "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z",
  "array-of-strings": '\\[(?:"(?:[^"\\\\]|\\\\.)*",?)*\\]',
  base64: "[A-Za-z0-9+/]+={0,2}",
  duration: "\\d+(?:\\.\\d+)?",
  memory: "\\d+",
  region: "[a-z]{2}-[a-z]+-\\d",
  account: "\\d{12}",
  // `<x repeated>`: the recorder shortened a long text.
  "x repeated": "x+",
};

const ANY = "[\\s\\S]+?";
const TOKEN = /<([^<>]+)>/g;

/**
 * Whether a text is what a case expects.
 *
 * `<kind:1>` is the same text throughout the case, `<any:kind>` and `<kind>` are any text of that
 * kind, `<a:len(65)>` is 65 times the letter. Everything else stands for itself.
 */
export function matchText(actual: string, expected: string, context: TextContext): boolean {
  if (!expected.includes("<") && !context.isVolatile) return actual === expected;
  const text = context.isVolatile ? withTimeTokens(expected) : expected;
  const groups: string[] = [];
  const match = new RegExp(`^${patternOf(text, groups, context.bindings)}$`).exec(actual);
  if (match === null) return false;
  for (const [index, name] of groups.entries()) context.bindings.set(name, match[index + 1] ?? "");
  return true;
}

/** The recorder wrote `date` for a time that stands alone in its field. */
function withTimeTokens(text: string): string {
  return text.replaceAll(/(^|\t)date(?=[\t ])/g, "$1<any:iso-time>");
}

function patternOf(text: string, groups: string[], bindings: ReadonlyMap<string, string>): string {
  let pattern = "";
  let end = 0;
  for (const token of text.matchAll(TOKEN)) {
    pattern += RegExp.escape(text.slice(end, token.index));
    pattern += tokenPattern(token[1] ?? "", groups, bindings);
    end = token.index + token[0].length;
  }
  return pattern + RegExp.escape(text.slice(end));
}

function tokenPattern(
  token: string,
  groups: string[],
  bindings: ReadonlyMap<string, string>,
): string {
  const [, letter, count] = /^(.+):len\((\d+)\)$/.exec(token) ?? [];
  if (letter !== undefined) return `(?:${RegExp.escape(letter)}){${count}}`;
  const kind = token.replace(/^any:/, "").replace(/:\d+$/, "");
  const shape = SHAPES[kind] ?? ANY;
  if (!/:\d+$/.test(token) || token.startsWith("any:")) return shape;
  const bound = bindings.get(token);
  if (bound !== undefined) return RegExp.escape(bound);
  const index = groups.indexOf(token);
  if (index >= 0) return `(?:\\${index + 1})`;
  groups.push(token);
  return `(${shape})`;
}
