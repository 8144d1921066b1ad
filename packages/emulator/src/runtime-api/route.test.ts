import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { routeOf } from "./route.ts";

const BASE = "/2018-06-01/runtime";

describe("routeOf", () => {
  test.each([
    ["GET", `${BASE}/invocation/next`, { kind: "next" }],
    ["POST", `${BASE}/invocation/a-1/response`, { kind: "response", requestId: "a-1" }],
    ["POST", `${BASE}/invocation/a-1/error`, { kind: "error", requestId: "a-1" }],
    ["POST", `${BASE}/init/error`, { kind: "init_error" }],
    ["GET", "/2018-06-01/ping", { kind: "ping" }],
    ["GET", "/2018-06-01/ping?a=/nope", { kind: "ping" }],
    ["POST", `${BASE}/invocation/a-1/error?b`, { kind: "error", requestId: "a-1" }],
    ["PUT", `${BASE}/invocation/a-1/response`, { kind: "method_not_allowed" }],
    ["GET", `${BASE}/invocation/a-1/response`, { kind: "method_not_allowed" }],
    ["POST", `${BASE}/invocation/next`, { kind: "method_not_allowed" }],
    ["GET", `${BASE}/init/error`, { kind: "method_not_allowed" }],
    ["GET", "/2018-06-01/nope", { kind: "not_found" }],
    ["POST", `${BASE}/invocation/a/b/response`, { kind: "not_found" }],
    ["POST", `${BASE}/invocation//response`, { kind: "not_found" }],
    ["GET", "/", { kind: "not_found" }],
  ])("takes %s %s as %j", (method, url, route) => {
    expect(routeOf(method, url)).toEqual(route);
  });

  test("for every request id, encoding it into the path and reading it gives the id back", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (requestId) => {
        const url = `${BASE}/invocation/${encodeURIComponent(requestId)}/response`;
        expect(routeOf("POST", url)).toEqual({ kind: "response", requestId });
      }),
    );
  });

  test("takes a malformed escape as a request id that nobody has", () => {
    const route = routeOf("POST", `${BASE}/invocation/%zz/response`);
    expect(route).toEqual({ kind: "response", requestId: "%zz" });
  });
});
