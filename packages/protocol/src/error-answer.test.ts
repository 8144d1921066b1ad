import { PilotlightError } from "@pilotlight/core";
import { describe, expect, test } from "vitest";

import { encodeError } from "./index.ts";

describe("encodeError", () => {
  test("gives an error of ours its catalogue's status and its message", () => {
    expect(encodeError(new PilotlightError("ERR_MODEL_UNKNOWN", 'no model "x"'))).toEqual({
      statusCode: 404,
      body: '{"error":"no model \\"x\\""}',
    });
  });

  test.each([new Error("password=hunter2"), "password=hunter2", null, undefined, { code: "E" }])(
    "says nothing of what is inside %s",
    (error) => {
      const { statusCode, body } = encodeError(error);
      expect(statusCode).toBe(500);
      expect(JSON.parse(body)).toEqual({ error: expect.stringContaining("internal error") });
      expect(body).not.toContain("hunter2");
    },
  );
});
