import { describe, expect, test } from "vitest";

import { md5OfAttributes, md5OfText } from "./digest.ts";

describe("md5OfText", () => {
  test("is that of the text in UTF-8", () => {
    // Printed by md5sum for the same bytes.
    expect(md5OfText("message-1")).toBe("3d6b824fd8c1520e9a047d21fee6fb1f");
  });
});

describe("md5OfAttributes", () => {
  test("is that of AWS", () => {
    // Recorded on AWS, 2025-11-25: what ReceiveMessage answered for this attribute.
    expect(md5OfAttributes({ MyAttribute: { dataType: "String", stringValue: "foobar" } })).toBe(
      "adb59cd4678ea5a855436b949cd07ab6",
    );
  });

  test("does not depend on the order of the attributes, and tells texts from bytes", () => {
    const a = { dataType: "String", stringValue: "x" };
    const b = { dataType: "Number", stringValue: "1" };
    expect(md5OfAttributes({ a, b })).toBe(md5OfAttributes({ b, a }));
    const bytes = { dataType: "String", binaryValue: Buffer.from("x") };
    expect(md5OfAttributes({ a: bytes })).not.toBe(md5OfAttributes({ a }));
    expect(md5OfAttributes({})).toBeUndefined();
  });
});
