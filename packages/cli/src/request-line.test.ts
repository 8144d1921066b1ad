import { describe, expect, test } from "vitest";

import { modelOfPath, requestLine } from "./request-line.ts";

const ANSWERED = {
  method: "POST",
  path: "/v2/models/digits/infer",
  statusCode: 200,
  durationMs: 12.34,
  headers: {},
};

describe("requestLine", () => {
  test("gives model, status, time and cold or warm", () => {
    const line = requestLine({ ...ANSWERED, headers: { "x-pilotlight-cold": "true" } });
    expect(line).toBe("POST  digits            200    12.3 ms  cold");
  });

  test("gives the path where no model is named, and nothing of warmth", () => {
    const line = requestLine({ ...ANSWERED, method: "GET", path: "/v2/health/live" });
    expect(line).toBe("GET   /v2/health/live   200    12.3 ms");
  });
});

describe("modelOfPath", () => {
  test.each([
    ["/v2/models/digits", "digits"],
    ["/v2/models/digits/versions/1/infer", "digits"],
    ["/predict/digits", "digits"],
    ["/v2/models", ""],
    ["/metrics", ""],
  ])("finds the model of %s: %j", (path, model) => {
    expect(modelOfPath(path)).toBe(model);
  });
});
