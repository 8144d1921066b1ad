import { JsonPosition } from "./json-position.ts";

const VALID_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
/** Longer words are cut. */
const TOKEN_CHARS_MAX = 256;
const COMMENT =
  "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)";
const LITERALS: ReadonlySet<string> = new Set(["null", "true", "false"]);
const NON_NUMBERS: ReadonlySet<string> = new Set(["NaN", "Infinity"]);
const ESCAPED = /["\\/bfnrtu]/;

/** Letters, currency signs and connectors; then digits and marks as well, as Java has them. */
const TOKEN_START = /[\p{L}\p{Nl}\p{Sc}\p{Pc}]/u;
const TOKEN_PART = /[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mn}\p{Mc}\p{Cf}\x00-\x08\x0e-\x1b\x7f-\x9f]/u;

/** An array or object that is not closed yet. */
interface Open {
  readonly isObject: boolean;
  /** Where it starts, as it is written. */
  readonly start: string;
}

/** What the parser has to find next; an entry is the next one after a comma. */
type Wanted = "value" | "first" | "entry" | "separator";

/**
 * What is wrong with a text that is no JSON, in the words of the parser that AWS uses.
 *
 * That parser is Jackson; the words, and the places they name, were compared with those of its versions 2.17 to
 * 2.21. It is asked after a faster parser has refused the text.
 *
 * @param bytes - UTF-8, or what was meant to be.
 * @returns `undefined` where this parser finds nothing wrong: it takes several values in a row.
 */
export function jsonFault(bytes: Uint8Array): string | undefined {
  return new JsonReading(bytes).fault();
}

/** Reads a JSON text up to its first fault. Each step gives the fault, if it has found one. */
class JsonReading {
  readonly #position: JsonPosition;
  readonly #open: Open[] = [];
  #wanted: Wanted = "value";

  constructor(bytes: Uint8Array) {
    this.#position = new JsonPosition(bytes);
  }

  fault(): string | undefined {
    const position = this.#position;
    for (;;) {
      position.skipSpace();
      const byte = position.byte;
      if (byte === undefined) return this.#endFault();
      if (byte < 0x20) {
        return position.faultAfter(
          `Illegal character (${described(byte)}): only regular white space (\\r, \\n, \\t) is allowed between tokens`,
        );
      }
      const fault = this.#step(byte);
      if (fault !== undefined) return fault;
    }
  }

  #step(byte: number): string | undefined {
    const open = this.#open.at(-1);
    const character = String.fromCharCode(byte);
    const mayClose = this.#wanted === "first" || this.#wanted === "separator" || !open;
    if (mayClose && (character === "]" || character === "}")) return this.#close(character);
    if (this.#wanted === "separator") return this.#separator(character);
    return open?.isObject === true && this.#wanted !== "value"
      ? this.#name(character)
      : this.#value(character);
  }

  #endFault(): string | undefined {
    const open = this.#open.at(-1);
    if (open === undefined) return undefined;
    const what = open.isObject ? "Object" : "Array";
    return this.#position.faultHere(
      this.#wanted === "first" || this.#wanted === "separator"
        ? `Unexpected end-of-input: expected close marker for ${what} (start marker at ${open.start})`
        : `Unexpected end-of-input within/between ${what} entries`,
    );
  }

  #close(marker: "]" | "}"): string | undefined {
    const isObject = marker === "}";
    const open = this.#open.at(-1);
    if (open === undefined) {
      const what = isObject ? "Object" : "Array";
      return this.#position.faultHere(
        `Unexpected close marker '${marker}': no open ${what} to close`,
      );
    }
    if (open.isObject !== isObject) {
      const [expected, what] = open.isObject ? ["}", "Object"] : ["]", "Array"];
      return this.#position.faultHere(
        `Unexpected close marker '${marker}': expected '${expected}' (for ${what} starting at ${open.start})`,
      );
    }
    this.#position.take();
    this.#open.pop();
    this.#ended();
    return undefined;
  }

  #separator(character: string): string | undefined {
    if (character !== ",") {
      const what = this.#open.at(-1)?.isObject === true ? "Object" : "Array";
      return this.#unexpected(`was expecting comma to separate ${what} entries`);
    }
    this.#position.take();
    this.#wanted = "entry";
    return undefined;
  }

  #name(character: string): string | undefined {
    const position = this.#position;
    if (character !== '"') return this.#noName();
    const fault = this.#string({ end: "field name", place: "name" });
    if (fault !== undefined) return fault;
    position.skipSpace();
    this.#wanted = "value";
    if (position.byte === undefined) return this.#endFault();
    if (position.byte !== 0x3a) {
      return this.#unexpected("was expecting a colon to separate field name and value");
    }
    position.take();
    return undefined;
  }

  #noName(): string {
    const { fault } = this.#position.decoded();
    return fault ?? this.#unexpected("was expecting double-quote to start field name");
  }

  #value(character: string): string | undefined {
    if (character === "[" || character === "{") {
      this.#open.push({ isObject: character === "{", start: this.#position.source() });
      this.#position.take();
      this.#wanted = "first";
      return undefined;
    }
    const fault = this.#scalar(character);
    this.#ended();
    return fault;
  }

  #scalar(character: string): string | undefined {
    if (character === '"') return this.#string({ end: "VALUE_STRING", place: "string value" });
    if (/[-0-9]/.test(character)) return this.#number(character);
    if (TOKEN_START.test(character)) return this.#token();
    const isInArray = this.#open.at(-1)?.isObject === false;
    if (character === "," || character === "}" || (character === "]" && isInArray)) {
      return this.#unexpected("expected a value");
    }
    if (character === "+") {
      return this.#position.faultAfter(
        `Unexpected character (${described(0x2b)}) in numeric value: JSON spec does not allow numbers to have plus signs: enable \`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS\` to allow`,
      );
    }
    return this.#unexpected(`expected a valid value ${VALID_VALUES}`);
  }

  /** A value has ended: outside of everything another one may follow. */
  #ended(): void {
    this.#wanted = this.#open.length === 0 ? "value" : "separator";
  }

  #string({ end, place }: { end: string; place: string }): string | undefined {
    const position = this.#position;
    position.take();
    if (position.byte === undefined && place === "name") {
      return position.faultHere("Unexpected end-of-input: was expecting closing '\"' for name");
    }
    for (;;) {
      const byte = position.byte;
      if (byte === undefined) return position.faultHere(`Unexpected end-of-input in ${end}`);
      if (byte === 0x22) {
        position.take();
        return undefined;
      }
      if (byte < 0x20) {
        return position.faultHere(
          `Illegal unquoted character (${described(byte)}): has to be escaped using backslash to be included in ${place}`,
        );
      }
      const fault = byte === 0x5c ? this.#escape() : position.skipCharacter();
      if (fault !== undefined) return fault;
    }
  }

  #escape(): string | undefined {
    const position = this.#position;
    position.take();
    const kind = position.byte;
    if (kind === undefined) return this.#escapeEnd();
    const digits = kind === 0x75 ? 4 : 0;
    if (!ESCAPED.test(String.fromCharCode(kind))) {
      return position.faultHere(`Unrecognized character escape ${described(kind)}`);
    }
    position.take();
    for (let read = 0; read < digits; read += 1) {
      const digit = position.byte;
      if (digit === undefined) return this.#escapeEnd();
      if (!/[0-9a-fA-F]/.test(String.fromCharCode(digit))) {
        return this.#unexpected("expected a hex-digit for character escape sequence");
      }
      position.take();
    }
    return undefined;
  }

  #escapeEnd(): string {
    return this.#position.faultHere("Unexpected end-of-input in character escape sequence");
  }

  #number(first: string): string | undefined {
    const position = this.#position;
    if (first === "-") {
      position.take();
      if (!position.isDigit) {
        return this.#numeric("expected digit (0-9) to follow minus sign, for valid numeric value");
      }
    }
    const isZero = position.byte === 0x30;
    position.take();
    if (isZero && position.isDigit) {
      return position.faultHere("Invalid numeric value: Leading zeroes not allowed");
    }
    position.skipDigits();
    return this.#fraction() ?? this.#exponent() ?? this.#numberEnd();
  }

  #fraction(): string | undefined {
    const position = this.#position;
    if (position.byte !== 0x2e) return undefined;
    const atPoint = position.faultHere(
      `Unexpected character (${described(0x2e)}) in numeric value: Decimal point not followed by a digit`,
    );
    position.take();
    if (position.byte === undefined) return atPoint;
    if (!position.isDigit) return this.#numeric("Decimal point not followed by a digit");
    position.skipDigits();
    return undefined;
  }

  #exponent(): string | undefined {
    const position = this.#position;
    if (position.byte !== 0x65 && position.byte !== 0x45) return undefined;
    position.take();
    position.skipSign();
    if (!position.isDigit) return this.#numeric("Exponent indicator not followed by a digit");
    position.skipDigits();
    return undefined;
  }

  #numberEnd(): string | undefined {
    const { byte } = this.#position;
    const isSpace = byte === undefined || [0x20, 0x09, 0x0a, 0x0d].includes(byte);
    if (this.#open.length > 0 || isSpace) return undefined;
    return this.#unexpected("Expected space separating root-level values");
  }

  /** A word: one of the three that JSON has, or a fault that names it. */
  #token(): string | undefined {
    const position = this.#position;
    let word = String.fromCharCode(position.byte ?? 0);
    position.take();
    while (position.byte !== undefined) {
      const { character, fault } = position.decoded();
      if (fault !== undefined) return fault;
      const isPart = TOKEN_PART.test(character);
      if (!isPart && LITERALS.has(word)) return undefined;
      position.skipCharacter();
      if (!isPart) break;
      word += character;
      if (word.length >= TOKEN_CHARS_MAX) {
        word += "...";
        break;
      }
      if (NON_NUMBERS.has(word)) {
        return position.faultHere(
          `Non-standard token '${word}': enable \`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\` to allow`,
        );
      }
    }
    if (LITERALS.has(word)) return undefined;
    return position.faultHere(`Unrecognized token '${word}': was expecting ${VALID_VALUES}`);
  }

  #numeric(reason: string): string {
    const { byte } = this.#position;
    return this.#position.faultHere(
      byte === undefined
        ? "Unexpected end-of-input in a Number value"
        : `Unexpected character (${described(byte)}) in numeric value: ${reason}`,
    );
  }

  #unexpected(reason: string): string {
    const { byte = 0 } = this.#position;
    const told = byte === 0x2f ? COMMENT : reason;
    return this.#position.faultHere(`Unexpected character (${described(byte)}): ${told}`);
  }
}

/** A byte as the parser shows it: it takes it for a character. */
function described(byte: number): string {
  const isControl = byte < 0x20 || (byte >= 0x7f && byte <= 0x9f);
  if (isControl) return `(CTRL-CHAR, code ${byte})`;
  return `'${String.fromCharCode(byte)}' (code ${byte})`;
}
