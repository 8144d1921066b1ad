import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { AwsError } from "./aws-error.ts";
import { checkedPayload, checkPayloadSize } from "./payload.ts";

const PREFIX = "Could not parse request body into json: Could not parse payload into json: ";

function refusalOf(bytes: Uint8Array): AwsError | undefined {
  try {
    checkedPayload(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}

describe("checkedPayload", () => {
  test("gives the function an empty object where the caller sent nothing", () => {
    expect(Buffer.from(checkedPayload(new Uint8Array())).toString()).toBe("{}");
  });

  test("hands on the very bytes of the caller", () => {
    const body = Buffer.from('{ "a" : 1.0, "é": "\\u00e9" }');
    expect(checkedPayload(body)).toBe(body);
  });

  test.each([
    // The bytes of the case recorded on AWS.
    ["bytes that are not UTF-8", Buffer.from("6e87729ee9b5d749ee9b6d74", "hex")],
    ["text that is not JSON", Buffer.from("hello")],
    ["two values", Buffer.from("{}{}")],
    ["an invalid byte within a string", Buffer.from([0x22, 0xff, 0x22])],
  ])("refuses %s", (_, body) => {
    const error = refusalOf(body);
    expect(error?.type).toBe("InvalidRequestContentException");
    expect(error?.statusCode).toBe(400);
    expect(String(error?.body["message"]).startsWith(PREFIX)).toBe(true);
  });

  test("for every JSON value, its text is accepted", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) => refusalOf(Buffer.from(JSON.stringify(value))) === undefined,
      ),
    );
  });

  test("for every payload, it is accepted exactly when a strict decoder and parser accept it", () => {
    const isJson = (bytes: Uint8Array): boolean => {
      try {
        JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (bytes) => {
        expect(refusalOf(bytes) === undefined).toBe(isJson(bytes));
      }),
    );
  });
});

describe("checkPayloadSize", () => {
  test("accepts what is exactly at the limit", () => {
    expect(() => checkPayloadSize(6_291_456, { isEvent: false })).not.toThrow();
    expect(() => checkPayloadSize(1_048_576, { isEvent: true })).not.toThrow();
  });

  test("refuses one byte more, in AWS's words", () => {
    expect(() => checkPayloadSize(6_291_457, { isEvent: false })).toThrow(
      "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    );
    expect(() => checkPayloadSize(1_048_577, { isEvent: true })).toThrow(
      "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    );
  });
});
