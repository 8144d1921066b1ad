import { describe, expect, test } from "vitest";

import { constructed, isConstructor } from "./constructed.ts";

describe("constructed", () => {
  test("makes texts and bytes", () => {
    expect(constructed({ $repeat: ["ab", 3] })).toBe("ababab");
    expect(constructed({ $bytes_hex: "00ff" })).toEqual(Buffer.from([0, 255]));
    expect(constructed({ $json: { a: { $repeat: ["x", 2] } } })).toBe('{"a":"xx"}');
    expect(constructed({ $base64_json: [1] })).toBe("WzFd");
    expect(constructed({ $concat: ["a", { $bytes_hex: "00" }] })).toEqual(Buffer.from([97, 0]));
  });

  test("puts values in the place of their names, and leaves other braces alone", () => {
    const names = { function: "f", version: 7, "v1.Version": "1" };
    expect(constructed({ a: ["{function}:{v1.Version}"] }, names)).toEqual({ a: ["f:1"] });
    expect(constructed("{version}", names)).toBe(7);
    expect(constructed('{"wait": 2} {} {nobody}', names)).toBe('{"wait": 2} {} {nobody}');
  });

  test("refuses a name in a text whose value is no text", () => {
    expect(() => constructed("v{version}", { version: 7 })).toThrow("version");
  });
});

describe("isConstructor", () => {
  test("tells a constructor from an object with other members", () => {
    expect(isConstructor({ $repeat: ["a", 1] })).toBe(true);
    expect(isConstructor({ $empty: true })).toBe(false);
    expect(isConstructor({ $repeat: ["a", 1], more: 1 })).toBe(false);
    expect(isConstructor(["$repeat"])).toBe(false);
    expect(isConstructor(null)).toBe(false);
  });
});
