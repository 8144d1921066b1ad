import { describe, expect, test } from "vitest";

import {
  isPolling,
  type MappingPhase,
  type MappingSignal,
  mappingState,
  nextMappingPhase,
} from "./mapping-phase.ts";

const PHASES: readonly MappingPhase[] = [
  "creating",
  "enabled",
  "updating-enabled",
  "disabling",
  "disabled",
  "updating-disabled",
  "enabling",
  "deleting",
  "deleted",
];
const SIGNALS: readonly MappingSignal[] = ["update", "enable", "disable", "delete", "settled"];

/** All that is allowed: `phase signal: next`. */
const ALLOWED = [
  "creating settled: enabled",
  "enabled update: updating-enabled",
  "enabled enable: updating-enabled",
  "enabled disable: disabling",
  "enabled delete: deleting",
  "updating-enabled settled: enabled",
  "disabling settled: disabled",
  "disabled update: updating-disabled",
  "disabled enable: enabling",
  "disabled disable: updating-disabled",
  "disabled delete: deleting",
  "updating-disabled settled: disabled",
  "enabling settled: enabled",
  "deleting settled: deleted",
];

describe("nextMappingPhase", () => {
  test("allows, over every phase and signal, what is listed and nothing else", () => {
    const found = PHASES.flatMap((phase) =>
      SIGNALS.flatMap((signal) => {
        const next = nextMappingPhase(phase, signal);
        return next === undefined ? [] : [`${phase} ${signal}: ${next}`];
      }),
    );
    expect(found).toEqual(ALLOWED);
  });
});

describe("mappingState", () => {
  test("names each phase as AWS does", () => {
    expect(PHASES.map(mappingState)).toEqual([
      "Creating",
      "Enabled",
      "Updating",
      "Disabling",
      "Disabled",
      "Updating",
      "Enabling",
      "Deleting",
      "Deleted",
    ]);
  });
});

describe("isPolling", () => {
  test("is so in the phases of a mapping that is enabled", () => {
    expect(PHASES.filter(isPolling)).toEqual(["enabled", "updating-enabled"]);
  });
});
