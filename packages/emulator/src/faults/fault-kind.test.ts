import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { FAULT_ACTIONS, FAULT_KINDS, FAULT_NAMES, faultOf } from "./fault-kind.ts";

const FIDELITY = readFileSync(
  join(import.meta.dirname, "../../../../docs/emulator-fidelity.md"),
  "utf8",
);

/** The row of the table of faults that begins with the name. */
const rowOf = (name: string) =>
  FIDELITY.split("\n").find((line) => line.startsWith(`| \`${name}\` `));

describe("the table of faults", () => {
  test.each(FAULT_NAMES)(
    "is in the documentation: %s, with its parameter and its meaning",
    (name) => {
      const { selector, parameter, standsFor } = FAULT_KINDS[name];
      const row = rowOf(name);
      expect(row).toContain(`\`${selector}\``);
      expect(row).toContain(standsFor);
      if (parameter === undefined) return;
      // A parameter is named with its default.
      expect(row).toContain(`\`${parameter.name}\` ${parameter.default}`);
    },
  );

  test.each(Object.entries(FAULT_ACTIONS))("is in the documentation: %s", (name, standsFor) => {
    expect(rowOf(name)).toContain(standsFor);
  });

  test.each(FAULT_NAMES)("makes %s with the value of its parameter", (name) => {
    const { parameter } = FAULT_KINDS[name];
    const fault = faultOf(name, 7);
    expect(fault).toEqual({ kind: name, ...(parameter && { [parameter.name]: 7 }) });
  });
});
