import { describe, expect, test } from "vitest";

import { pageHeaders, preflightReply, withPageHeaders } from "./cross-origin.ts";

const ORIGIN = "https://page.example";
const cors = { AllowOrigins: [ORIGIN], AllowMethods: ["GET", "POST"], MaxAge: 60 };
const preflight = { method: "OPTIONS", origin: ORIGIN, requestedMethod: "POST" };

describe("preflightReply", () => {
  test("answers a page of an accepted origin with what it may do", () => {
    const more = { AllowHeaders: ["X-A", "X-B"], AllowCredentials: true };
    expect(preflightReply({ ...cors, ...more }, preflight)).toEqual({
      statusCode: 200,
      headers: {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Credentials": "true",
        Vary: "Origin",
        "Access-Control-Allow-Methods": "GET,POST",
        "Access-Control-Allow-Headers": "X-A,X-B",
        "Access-Control-Max-Age": "60",
      },
      body: "",
    });
  });

  test("gives a page of any other origin nothing", () => {
    const other = { ...preflight, origin: "https://other.example" };
    expect(preflightReply(cors, other)).toEqual({ statusCode: 200, headers: {}, body: "" });
  });

  test.each([
    ["there is no configuration", undefined, preflight],
    ["the method is another one", cors, { ...preflight, method: "GET" }],
    ["no page asks", cors, { ...preflight, origin: undefined }],
    ["it asks for no method", cors, { ...preflight, requestedMethod: undefined }],
  ])("leaves a request to the function where %s", (_why, configuration, request) => {
    expect(preflightReply(configuration, request)).toBeUndefined();
  });
});

describe("pageHeaders", () => {
  test("opens an answer to every origin with a star, but not one with credentials", () => {
    const open = { AllowOrigins: ["*"], ExposeHeaders: ["X-A"] };
    expect(pageHeaders(open, ORIGIN)).toEqual({
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": "X-A",
    });
    expect(pageHeaders({ ...open, AllowCredentials: true }, ORIGIN)).toMatchObject({
      "Access-Control-Allow-Origin": ORIGIN,
      Vary: "Origin",
    });
  });

  test("adds nothing for a caller that is no page, or without a configuration", () => {
    expect(pageHeaders(cors, undefined)).toEqual({});
    expect(pageHeaders(undefined, ORIGIN)).toEqual({});
  });
});

describe("withPageHeaders", () => {
  test("puts the configuration's headers in the place of the function's", () => {
    const own = { "access-control-allow-origin": "https://own.example", "X-A": "1" };
    expect(withPageHeaders(own, { "Access-Control-Allow-Origin": "*" })).toEqual({
      "X-A": "1",
      "Access-Control-Allow-Origin": "*",
    });
  });
});
