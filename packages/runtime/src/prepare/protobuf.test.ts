import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { encodedVarint, fieldsOf, lengthPrefixed } from "./protobuf.ts";

const number = fc.integer({ min: 1, max: 2 ** 20 });
const content = fc.uint8Array({ maxLength: 300 });
const fields = fc.array(fc.record({ number, content }), { maxLength: 8 });

describe("fieldsOf", () => {
  test("for every list of fields, gives them back, and their raw bytes are the message", () => {
    fc.assert(
      fc.property(fields, (list) => {
        const pieces = list.flatMap((each) => lengthPrefixed(each.number, [each.content]));
        const message = Buffer.concat(pieces);
        const got = fieldsOf(message);
        expect(got.map((field) => field.number)).toEqual(list.map((each) => each.number));
        expect(got.map((field) => [...field.content])).toEqual(list.map((e) => [...e.content]));
        expect(Buffer.concat(got.map(({ raw }) => raw))).toEqual(message);
      }),
    );
  });

  test("for every whole number, reads the varint that was written", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const [field] = fieldsOf(Buffer.concat([Uint8Array.of(1 << 3), encodedVarint(value)]));
        expect(field).toMatchObject({ number: 1, wireType: "varint", value: BigInt(value) });
      }),
    );
  });

  test("skips fixed 32-bit and 64-bit fields", () => {
    const message = Uint8Array.of((1 << 3) | 5, 1, 2, 3, 4, (2 << 3) | 1, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(fieldsOf(message).map(({ content: bytes }) => bytes.length)).toEqual([4, 8]);
  });

  test("for every noise, gives fields that cover it or refuses it with a RangeError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        const outcome = caught(() => fieldsOf(noise));
        const covered = Array.isArray(outcome)
          ? outcome.reduce((sum: number, { raw }) => sum + raw.length, 0)
          : noise.length;
        expect(outcome instanceof RangeError || Array.isArray(outcome)).toBe(true);
        expect(covered).toBe(noise.length);
      }),
    );
  });

  test.each([
    ["a number without an end", [0x80]],
    ["a number of more than 64 bits", [8, ...Array<number>(10).fill(0xff), 1]],
    ["a length beyond the message", [(1 << 3) | 2, 5, 1]],
    ["field 0", [0, 0]],
    ["a group", [(1 << 3) | 3]],
  ])("refuses %s", (_, bytes) => {
    expect(() => fieldsOf(Uint8Array.from(bytes))).toThrow(RangeError);
  });
});

function caught<Result>(run: () => Result): Result | Error {
  try {
    return run();
  } catch (error) {
    return error as Error;
  }
}
