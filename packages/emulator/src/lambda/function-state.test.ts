import { describe, expect, test } from "vitest";

import { type FunctionPhase, type FunctionSignal, nextFunctionPhase } from "./function-state.ts";

const PHASES: FunctionPhase[] = ["creating", "active", "updating"];
const SIGNALS: FunctionSignal[] = ["created", "update", "updated"];

describe("nextFunctionPhase", () => {
  test("takes three steps and refuses every other signal in every phase", () => {
    const table = PHASES.map((phase) => SIGNALS.map((signal) => nextFunctionPhase(phase, signal)));
    expect(table).toEqual([
      ["active", undefined, undefined],
      [undefined, "updating", undefined],
      [undefined, undefined, "active"],
    ]);
  });
});
