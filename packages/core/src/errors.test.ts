import { describe, expect, test } from "vitest";

import {
  ERROR_CATALOG,
  invariant,
  InvariantViolation,
  isPilotlightError,
  PilotlightError,
} from "./errors.ts";

describe("PilotlightError", () => {
  test("takes status, fault and retryability from the catalogue", () => {
    const error = new PilotlightError("ERR_FUNCTION_THROTTLED", "busy");
    expect(error).toMatchObject({
      statusCode: 503,
      fault: "system",
      isRetryable: true,
      message: "busy",
    });
  });

  test("carries its code as its name, which Lambda reports as errorType", () => {
    expect(new PilotlightError("ERR_MODEL_UNLOADABLE", "empty").name).toBe("ERR_MODEL_UNLOADABLE");
  });

  test("keeps its cause", () => {
    const cause = new Error("disk");
    expect(new PilotlightError("ERR_BODY_MALFORMED", "x", { cause }).cause).toBe(cause);
  });
});

describe("isPilotlightError", () => {
  test("knows an error of another copy of the class by its brand", () => {
    const foreign = Object.assign(new Error("x"), { [Symbol.for("pilotlight.error")]: true });
    expect(isPilotlightError(foreign)).toBe(true);
  });

  test.each([[new Error("x")], [undefined], [null], ["ERR_BODY_MALFORMED"], [{}]])(
    "refuses %s",
    (value) => {
      expect(isPilotlightError(value)).toBe(false);
    },
  );
});

describe("ERROR_CATALOG", () => {
  test.each(Object.entries(ERROR_CATALOG))("gives %s an HTTP error status", (_code, traits) => {
    expect(traits.statusCode).toBeGreaterThanOrEqual(400);
    expect(traits.statusCode).toBeLessThan(600);
  });
});

describe("invariant", () => {
  test("throws for what a correct program never does", () => {
    expect(() => invariant(false, "count below zero")).toThrow(InvariantViolation);
    expect(() => invariant(1, "fine")).not.toThrow();
  });
});
