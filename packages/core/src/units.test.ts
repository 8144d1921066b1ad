import { describe, expect, test } from "vitest";

import { formatBytes, formatMs } from "./units.ts";

describe("formatBytes", () => {
  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KB"],
    [6_291_456, "6 MB"],
    [250_000_000, "238 MB"],
  ])("writes %d as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("formatMs", () => {
  test("writes one decimal below 100 ms and none above", () => {
    expect([formatMs(1.25), formatMs(99.94), formatMs(123.6)]).toEqual([
      "1.3 ms",
      "99.9 ms",
      "124 ms",
    ]);
  });
});
