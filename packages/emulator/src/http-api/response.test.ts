import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { httpApiResponse } from "./response.ts";

function responseTo(result: unknown) {
  const reply = httpApiResponse(Buffer.from(JSON.stringify(result)));
  return { ...reply, body: Buffer.from(reply.body).toString() };
}

const SERVER_ERROR = {
  statusCode: 500,
  headers: { "Content-Type": "application/json" },
  body: '{"message":"Internal Server Error"}',
};

describe("httpApiResponse", () => {
  test("makes a 200 of any JSON value without a status", () => {
    const headers = { "Content-Type": "application/json" };
    expect(responseTo({ hello: "world" })).toEqual({
      statusCode: 200,
      headers,
      body: '{"hello":"world"}',
    });
    expect(responseTo("hello")).toEqual({ statusCode: 200, headers, body: "hello" });
    expect(responseTo([1, 2]).body).toBe("[1,2]");
    expect(responseTo(null).body).toBe("null");
  });

  test("takes status, headers and body from a structured result", () => {
    expect(
      responseTo({
        statusCode: 201,
        headers: { "Content-Type": "text/csv", "My-Custom-Header": "Custom Value", count: 3 },
        body: "a,b",
      }),
    ).toEqual({
      statusCode: 201,
      headers: { "Content-Type": "text/csv", "My-Custom-Header": "Custom Value", count: "3" },
      body: "a,b",
    });
  });

  test("accepts a status in digits, and calls a body text that is not called otherwise", () => {
    expect(responseTo({ statusCode: "418", body: "i'm a teapot" })).toEqual({
      statusCode: 418,
      headers: { "Content-Type": "text/plain;charset=UTF-8" },
      body: "i'm a teapot",
    });
  });

  test("decodes a base64 body", () => {
    const body = Buffer.from([0, 255, 128]);
    const reply = httpApiResponse(
      Buffer.from(
        JSON.stringify({ statusCode: 200, body: body.toString("base64"), isBase64Encoded: true }),
      ),
    );
    expect(Buffer.from(reply.body)).toEqual(body);
  });

  test("writes one set-cookie header for each cookie", () => {
    expect(responseTo({ statusCode: 204, cookies: ["a=1; Secure", "b=2"] }).headers).toMatchObject({
      "set-cookie": ["a=1; Secure", "b=2"],
    });
    const both = { statusCode: 204, headers: { "Set-Cookie": "c=3" }, cookies: ["a=1", "b=2"] };
    expect(responseTo(both).headers).toMatchObject({ "set-cookie": ["c=3", "a=1", "b=2"] });
  });

  test("does not take over headers that the server sets", () => {
    const { headers } = responseTo({
      statusCode: 200,
      headers: { "Content-Length": "999", "transfer-encoding": "chunked" },
      body: "x",
    });
    expect(headers).toEqual({ "Content-Type": "text/plain;charset=UTF-8" });
  });

  test.each([
    ["a status that is no number", { statusCode: "ok" }],
    ["a status out of range", { statusCode: 99 }],
    ["a status that is not final", { statusCode: 101 }],
    ["a body that is no text", { statusCode: 200, body: { a: 1 } }],
    ["a header that is an object", { statusCode: 200, headers: { a: {} } }],
    ["a header with a line break", { statusCode: 200, headers: { a: "x\r\ny: z" } }],
    ["a header name with a space", { statusCode: 200, headers: { "a b": "x" } }],
    ["headers that are a list", { statusCode: 200, headers: [] }],
    ["cookies that are no list", { statusCode: 200, cookies: "a=1" }],
    ["a cookie with a line break", { statusCode: 200, cookies: ["a=1\n"] }],
  ])("answers 500 to %s", (_, result) => {
    expect(responseTo(result)).toEqual(SERVER_ERROR);
  });

  test("answers 500 to a result that is not JSON", () => {
    expect(httpApiResponse(Buffer.from("not JSON")).statusCode).toBe(500);
    expect(httpApiResponse(Buffer.from("")).statusCode).toBe(500);
  });

  test("for every JSON result, there is a response with a final status", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (result) => {
        const { statusCode } = responseTo(result);
        return statusCode >= 200 && statusCode <= 599;
      }),
    );
  });
});
