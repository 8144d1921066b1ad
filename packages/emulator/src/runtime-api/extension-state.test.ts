import { describe, expect, test } from "vitest";

import {
  EXTENSION_TRANSITIONS,
  type ExtensionSignal,
  type ExtensionState,
  nextExtensionState,
} from "./extension-state.ts";

const STATES = Object.keys(EXTENSION_TRANSITIONS) as ExtensionState[];
const SIGNALS: readonly ExtensionSignal[] = [
  "register",
  "next",
  "event",
  "init_error",
  "exit_error",
  "unlaunchable",
];

/** Every transition once more, in the order of an extension's life. */
const ALLOWED: readonly (readonly [ExtensionState, ExtensionSignal, ExtensionState])[] = [
  ["Started", "unlaunchable", "LaunchError"],
  ["Started", "register", "Registered"],
  ["Registered", "init_error", "InitError"],
  ["InitError", "init_error", "InitError"],
  ["Registered", "next", "Ready"],
  ["Ready", "event", "Running"],
  ["Running", "next", "Ready"],
  ["Registered", "exit_error", "ExitError"],
  ["Ready", "exit_error", "ExitError"],
  ["Running", "exit_error", "ExitError"],
  ["ExitError", "exit_error", "ExitError"],
];

describe("nextExtensionState", () => {
  test.each(STATES.flatMap((state) => SIGNALS.map((signal) => [state, signal] as const)))(
    "from %s by %s leads where the life of an extension goes, or is refused",
    (state, signal) => {
      const allowed = ALLOWED.find(([from, by]) => from === state && by === signal);
      expect(nextExtensionState(state, signal)).toBe(allowed?.[2]);
    },
  );
});
