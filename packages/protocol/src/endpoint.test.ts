import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { matchPath } from "./index.ts";

describe("matchPath", () => {
  test.each([
    ["GET", "/v2", { kind: "server-metadata" }],
    ["GET", "/v2/", { kind: "server-metadata" }],
    ["GET", "/v2/health/live", { kind: "server-live" }],
    ["GET", "/v2/health/ready/", { kind: "server-ready" }],
    ["GET", "/v2/models/m", { kind: "model-metadata", model: "m" }],
    ["GET", "/v2/models/m/ready", { kind: "model-ready", model: "m" }],
    ["GET", "/v2/models/m/versions/1", { kind: "model-metadata", model: "m", version: "1" }],
    ["GET", "/v2/models/m/versions/1/ready", { kind: "model-ready", model: "m", version: "1" }],
    ["POST", "/v2/models/m/infer", { kind: "infer", model: "m" }],
    ["POST", "/v2/models/m/versions/1/infer", { kind: "infer", model: "m", version: "1" }],
    ["POST", "/predict/m", { kind: "predict", model: "m" }],
    ["GET", "/v2/models/a%2Fb%20c", { kind: "model-metadata", model: "a/b c" }],
    ["GET", "/v2/models/versions/ready", { kind: "model-ready", model: "versions" }],
  ])("%s %s", (method, path, endpoint) => {
    expect(matchPath(method, path)).toEqual(endpoint);
  });

  test.each([
    ["POST", "/v2", "GET"],
    ["OPTIONS", "/v2/health/live", "GET"],
    ["GET", "/v2/models/m/infer", "POST"],
    ["PUT", "/predict/m", "POST"],
  ])("refuses %s %s and names %s", (method, path, allowed) => {
    const endpoint = matchPath(method, path);
    expect(endpoint).toMatchObject({ kind: "refused", error: { code: "ERR_METHOD_REFUSED" } });
    expect(endpoint.kind === "refused" && endpoint.error.message).toContain(allowed);
  });

  test.each([
    "",
    "/",
    "/v1",
    "/v2/models",
    "/v2/models//infer",
    "/v2/models/m/generate",
    "/v2/models/m/versions//infer",
    "/predict",
    "/v2/models/%E0%A4%A",
    "v2",
    "//v2",
  ])("knows nothing at %j", (path) => {
    const endpoint = matchPath("GET", path);
    expect(endpoint).toMatchObject({ kind: "refused", error: { code: "ERR_ROUTE_UNKNOWN" } });
  });

  test("lists what is accepted", () => {
    const endpoint = matchPath("GET", "/v3");
    expect(endpoint.kind === "refused" && endpoint.error.message).toContain(
      "POST /v2/models/{model}/infer",
    );
  });

  test("for every method and path, there is an endpoint or a refusal", () => {
    const path = fc.array(fc.constantFrom("/", "v2", "models", "%", "%41", "infer", "ż"));
    fc.assert(
      fc.property(fc.string(), path, (method, parts) => {
        expect(matchPath(method, parts.join("")).kind).toBeTypeOf("string");
      }),
    );
  });

  test("for every model and version, encoded names come back", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(name, name, (model, version) => {
        const path = `/v2/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}/infer`;
        expect(matchPath("POST", path)).toEqual({ kind: "infer", model, version });
      }),
    );
  });
});
