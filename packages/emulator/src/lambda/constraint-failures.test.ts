import { describe, expect, test } from "vitest";

import { enumFailures, patternFailures } from "./constraint-failures.ts";

describe("enumFailures", () => {
  test("accepts what is in the list, and what is not there", () => {
    expect(enumFailures("mode", "Active", ["Active"])).toEqual([]);
    expect(enumFailures("mode", undefined, ["Active"])).toEqual([]);
  });

  test("names value, member and list", () => {
    expect(enumFailures("mode", "On", ["Active", "PassThrough"])).toEqual([
      "Value 'On' at 'mode' failed to satisfy constraint: Member must satisfy enum value set: [Active, PassThrough]",
    ]);
  });
});

describe("patternFailures", () => {
  const digits = { pattern: /^\d+$/, text: "\\d+" };

  test("accepts what matches", () => {
    expect(patternFailures("id", "12", digits)).toEqual([]);
  });

  test("names the value and the pattern as the service model writes it", () => {
    expect(patternFailures("id", "a", digits)).toEqual([
      "Value 'a' at 'id' failed to satisfy constraint: Member must satisfy regular expression pattern: \\d+",
    ]);
  });

  test("refuses a value that is not there", () => {
    expect(patternFailures("id", undefined, digits)).toEqual([
      "Value null at 'id' failed to satisfy constraint: Member must not be null",
    ]);
  });
});
