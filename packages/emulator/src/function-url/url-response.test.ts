import { describe, expect, test } from "vitest";

import { BAD_GATEWAY, preludeHead, urlResponse } from "./url-response.ts";

const of = (value: unknown) => urlResponse(Buffer.from(JSON.stringify(value)));
const text = ({ body }: { body: Uint8Array | string }) => Buffer.from(body).toString("utf8");

describe("urlResponse", () => {
  test.each([
    ["a string", "hello", "hello"],
    ["an object", { hello: "world" }, '{"hello":"world"}'],
    ["a list", ["a", 1, null], '["a",1,null]'],
    ["a number", 1.5, "1.5"],
    ["a boolean", true, "true"],
    ["null", null, "null"],
    ["an object with a body alone", { body: "b" }, '{"body":"b"}'],
  ])("makes %s the body of a 200", (_what, value, body) => {
    const reply = of(value);
    expect(reply).toMatchObject({
      statusCode: 200,
      headers: { "Content-Type": "application/json" },
    });
    expect(text(reply)).toBe(body);
  });

  test("sends a response with its status, headers, cookies and bytes", () => {
    const reply = of({
      statusCode: "201",
      headers: { "Content-Type": "image/png", "X-A": 1 },
      cookies: ["a=1", "b=2"],
      body: Buffer.from([0, 255]).toString("base64"),
      isBase64Encoded: true,
    });
    expect(reply).toMatchObject({
      statusCode: 201,
      headers: { "Content-Type": "image/png", "X-A": "1", "set-cookie": ["a=1", "b=2"] },
    });
    expect(Buffer.from(reply.body)).toEqual(Buffer.from([0, 255]));
  });

  test("writes a body that is no text as JSON", () => {
    expect(text(of({ statusCode: 200, body: { a: [1] } }))).toBe('{"a":[1]}');
    expect(text(of({ statusCode: 200 }))).toBe("");
  });

  test.each([
    { statusCode: 99 },
    { statusCode: "two hundred" },
    { statusCode: 200, headers: { "bad name": "x" } },
  ])("answers 502 for %j, which cannot be sent", (value) => {
    expect(of(value)).toEqual(BAD_GATEWAY);
  });

  test("takes what a streaming function has written as it is", () => {
    const prelude = Buffer.from('{"statusCode":201,"headers":{"X-A":"b"},"cookies":["c=1"]}');
    const reply = urlResponse(Buffer.concat([prelude, Buffer.alloc(8), Buffer.from("hello")]));
    expect(reply).toMatchObject({
      statusCode: 201,
      headers: { "X-A": "b", "set-cookie": ["c=1"] },
    });
    expect(text(reply)).toBe("hello");
    expect(urlResponse(Buffer.from("ab"))).toMatchObject({
      statusCode: 200,
      headers: { "Content-Type": "application/octet-stream" },
    });
  });
});

describe("preludeHead", () => {
  test("fills in status and content type, and refuses what cannot be sent", () => {
    expect(preludeHead({ status: 404 })).toEqual({
      statusCode: 200,
      headers: { "Content-Type": "application/octet-stream" },
    });
    expect(preludeHead({ statusCode: 0 })).toBeUndefined();
  });
});
