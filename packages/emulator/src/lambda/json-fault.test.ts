import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { jsonFault } from "./json-fault.ts";

const SOURCE =
  "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: L, column: C]";
const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

const sourceAt = (line: number, column: number) =>
  SOURCE.replace("line: L", `line: ${line}`).replace("column: C", `column: ${column}`);

const hex = (text: string) => Buffer.from(text, "hex");

/** What jackson-core 2.20.1 says of the texts, but for the first, which was recorded on AWS 2025-11-25. */
const FAULTS: readonly (readonly [text: string | Buffer, message: string, place: string])[] = [
  [hex("6e87729ee9b5d749ee9b6d74"), "Invalid UTF-8 start byte 0x87", "1:3"],
  [
    hex("99eb2c6a07a17a5968"),
    `Unexpected character ((CTRL-CHAR, code 153)): expected a valid value ${VALUES}`,
    "1:1",
  ],
  ["not json", `Unrecognized token 'not': was expecting ${VALUES}`, "1:5"],
  ["tru", `Unrecognized token 'tru': was expecting ${VALUES}`, "1:4"],
  ["[truefalse]", `Unrecognized token 'truefalse': was expecting ${VALUES}`, "1:12"],
  ["a".repeat(300), `Unrecognized token '${"a".repeat(256)}...': was expecting ${VALUES}`, "1:257"],
  ["né", `Unrecognized token 'né': was expecting ${VALUES}`, "1:4"],
  ['{\n"a":\n\nnope}', `Unrecognized token 'nope': was expecting ${VALUES}`, "4:6"],
  [
    "NaN",
    "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
    "1:4",
  ],
  ["<xml>", `Unexpected character ('<' (code 60)): expected a valid value ${VALUES}`, "1:1"],
  ["true:", `Unexpected character (':' (code 58)): expected a valid value ${VALUES}`, "1:5"],
  ["[1,]", "Unexpected character (']' (code 93)): expected a value", "1:4"],
  ['{"a":}', "Unexpected character ('}' (code 125)): expected a value", "1:6"],
  ['{"a":1}}', "Unexpected close marker '}': no open Object to close", "1:8"],
  [
    '{"a":1]',
    `Unexpected close marker ']': expected '}' (for Object starting at ${sourceAt(1, 1)})`,
    "1:7",
  ],
  [
    "[1 2]",
    "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
    "1:4",
  ],
  [
    '{"a" 1}',
    "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
    "1:6",
  ],
  [
    "{a:1}",
    "Unexpected character ('a' (code 97)): was expecting double-quote to start field name",
    "1:2",
  ],
  [
    "// comment",
    "Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)",
    "1:1",
  ],
  [
    "{",
    `Unexpected end-of-input: expected close marker for Object (start marker at ${sourceAt(1, 1)})`,
    "1:2",
  ],
  ['{"a":', "Unexpected end-of-input within/between Object entries", "1:6"],
  ["[1,", "Unexpected end-of-input within/between Array entries", "1:4"],
  ['"abc', "Unexpected end-of-input in VALUE_STRING", "1:5"],
  ['{"ab', "Unexpected end-of-input in field name", "1:5"],
  ['"\\u12', "Unexpected end-of-input in character escape sequence", "1:6"],
  [
    '"\\u12g4"',
    "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence",
    "1:6",
  ],
  ['"\\x"', "Unrecognized character escape 'x' (code 120)", "1:3"],
  [
    '"\t"',
    "Illegal unquoted character ((CTRL-CHAR, code 9)): has to be escaped using backslash to be included in string value",
    "1:2",
  ],
  [hex("22c328"), "Invalid UTF-8 middle byte 0x28", "1:4"],
  ["01", "Invalid numeric value: Leading zeroes not allowed", "1:2"],
  [
    "-x",
    "Unexpected character ('x' (code 120)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value",
    "1:2",
  ],
  [
    "1.",
    "Unexpected character ('.' (code 46)) in numeric value: Decimal point not followed by a digit",
    "1:2",
  ],
  [
    "1x",
    "Unexpected character ('x' (code 120)): Expected space separating root-level values",
    "1:2",
  ],
  [
    "\0",
    String.raw`Illegal character ((CTRL-CHAR, code 0)): only regular white space (\r, \n, \t) is allowed between tokens`,
    "1:2",
  ],
];

describe("jsonFault", () => {
  test.each(FAULTS)("finds in %j: %s", (text, message, place) => {
    const [line, column] = place.split(":").map(Number);
    const at = sourceAt(line ?? 0, column ?? 0);
    expect(jsonFault(Buffer.from(text))).toBe(`${message}\n at ${at}`);
  });

  test("for every JSON value, written narrow or wide, it finds no fault", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 4 }), (value, indent) => {
        expect(jsonFault(Buffer.from(JSON.stringify(value, null, indent)))).toBeUndefined();
      }),
    );
  });

  test("for every text that is cut off within an array, it finds that its end is missing", () => {
    const cut = fc.jsonValue().chain((value) => {
      const text = JSON.stringify([value, "end"]);
      return fc.integer({ min: 1, max: text.length - 1 }).map((length) => text.slice(0, length));
    });
    fc.assert(fc.property(cut, (text) => jsonFault(Buffer.from(text)) !== undefined));
  });

  test("for every row of bytes, it ends, and names a place within them or just behind", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const column = /column: (\d+)\]$/.exec(jsonFault(bytes) ?? "")?.[1] ?? "1";
        expect(Number(column)).toBeLessThanOrEqual(bytes.byteLength + 1);
      }),
    );
  });
});
