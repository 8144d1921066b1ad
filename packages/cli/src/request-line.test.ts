import fc from "fast-check";
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

  test("cuts the query and undoes percent-encoding", () => {
    const model = requestLine({ ...ANSWERED, path: "/v2/models/%64igits/infer?x=1" });
    expect(model).toBe("POST  digits            200    12.3 ms");
    const path = requestLine({ ...ANSWERED, method: "GET", path: "/v2/health/%6Cive?x=1" });
    expect(path).toBe("GET   /v2/health/live   200    12.3 ms");
  });

  test("for every path, is one line", () => {
    const path = fc.string({ unit: "binary" }).map((text) => `/${encodeURIComponent(text)}`);
    fc.assert(
      fc.property(
        fc.oneof(
          path,
          path.map((text) => `/predict${text}`),
        ),
        (sent) => {
          expect(requestLine({ ...ANSWERED, path: sent })).not.toMatch(/[\n\r\u001B]/);
        },
      ),
    );
  });
});

describe("modelOfPath", () => {
  test.each([
    ["/v2/models/digits", "digits"],
    ["/v2/models/digits/versions/1/infer", "digits"],
    ["/predict/digits", "digits"],
    ["/v2/models", ""],
    ["/metrics", ""],
    ["/v2/models/digits?x=1", "digits"],
    ["/predict/m?q=/v2/models/other", "m"],
    ["/v2/models/%64igits", "digits"],
    ["/v2/models/%E4%BD%A0/infer", "你"],
    ["/v2/models/%zz/infer", "%zz"],
    ["/v2/models/%E4/infer", "%E4"],
    ["/v2/models/a%0Ab", "a%0Ab"],
    ["/v2/models?/digits", ""],
  ])("finds the model of %s: %j", (path, model) => {
    expect(modelOfPath(path)).toBe(model);
  });
});
