import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { accessLogTime, httpApiEvent, isTextBody, queryParameters } from "./event.ts";

const BASE = {
  method: "POST",
  url: "/my/path",
  rawHeaders: [] as string[],
  body: Buffer.alloc(0),
  sourceIp: "127.0.0.1",
  port: 4700,
  requestId: "9f6d3e0c-0000-4000-8000-000000000000",
  traceId: "Root=1-5e6722a7-cc56cc56cc56cc56cc56cc56",
  receivedEpochMs: Date.UTC(2020, 2, 12, 19, 3, 58),
};

interface Event {
  readonly headers: Record<string, string>;
  readonly cookies?: string[];
  readonly queryStringParameters?: Record<string, string>;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

const eventOf = (change: Partial<typeof BASE>): Event & Record<string, unknown> =>
  JSON.parse(httpApiEvent({ ...BASE, ...change }).toString());

const typed = (type: string) => ({ rawHeaders: ["Content-Type", type] });

describe("httpApiEvent", () => {
  test("has the shape of payload format 2.0", () => {
    // The request of the example in AWS's page on the format.
    const event = eventOf({
      url: "/my/path?parameter1=value1&parameter1=value2&parameter2=value",
      rawHeaders: [
        ["Host", "abc.example.com:4700", "Header1", "value1"],
        ["Cookie", "cookie1; cookie2", "HEADER2", "value1"],
        ["User-Agent", "agent", "Header2", "value2", "Content-Type", "text/plain"],
        ["Connection", "keep-alive"],
      ].flat(),
      body: Buffer.from("Hello"),
    });
    expect(event).toEqual({
      version: "2.0",
      routeKey: "$default",
      rawPath: "/my/path",
      rawQueryString: "parameter1=value1&parameter1=value2&parameter2=value",
      cookies: ["cookie1", "cookie2"],
      headers: {
        host: "abc.example.com:4700",
        header1: "value1",
        header2: "value1,value2",
        "user-agent": "agent",
        "content-type": "text/plain",
        "content-length": "5",
        "x-amzn-trace-id": BASE.traceId,
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "4700",
        "x-forwarded-proto": "http",
      },
      queryStringParameters: { parameter1: "value1,value2", parameter2: "value" },
      requestContext: {
        accountId: "000000000000",
        apiId: "pilotlight",
        domainName: "abc.example.com",
        domainPrefix: "abc",
        http: {
          method: "POST",
          path: "/my/path",
          protocol: "HTTP/1.1",
          sourceIp: "127.0.0.1",
          userAgent: "agent",
        },
        requestId: BASE.requestId,
        routeKey: "$default",
        stage: "$default",
        time: "12/Mar/2020:19:03:58 +0000",
        timeEpoch: BASE.receivedEpochMs,
      },
      body: "Hello",
      isBase64Encoded: false,
    });
  });

  test("leaves out what is empty", () => {
    expect(Object.keys(eventOf({}))).toEqual([
      "version",
      "routeKey",
      "rawPath",
      "rawQueryString",
      "headers",
      "requestContext",
      "isBase64Encoded",
    ]);
  });

  test("has the path decoded, and the query as it was sent", () => {
    const { requestContext, ...event } = eventOf({ url: "/a%2Fb%20c/%C3%BC+d?q=%2F+x" });
    expect(event).toMatchObject({
      rawPath: "/a/b c/ü+d",
      rawQueryString: "q=%2F+x",
      queryStringParameters: { q: "/ x" },
    });
    expect(requestContext).toMatchObject({ http: { path: "/a/b c/ü+d" } });
  });

  test("passes an invalid escape in the path through", () => {
    expect(eventOf({ url: "/pa2%Fth/1?q=query&multiQuery=foo&multiQuery=%2Fbar" })).toMatchObject({
      rawPath: "/pa2%Fth/1",
      queryStringParameters: { q: "query", multiQuery: "foo,/bar" },
    });
  });

  test("adds its own hop to x-forwarded-for", () => {
    expect(
      eventOf({ rawHeaders: ["X-Forwarded-For", "10.0.0.1"] }).headers["x-forwarded-for"],
    ).toBe("10.0.0.1, 127.0.0.1");
  });

  test("keeps a header named __proto__ a header", () => {
    const { headers } = eventOf({ rawHeaders: ["__proto__", "x", "__proto__", "y"] });
    expect(Object.getOwnPropertyDescriptor(headers, "__proto__")?.value).toBe("x,y");
  });

  test("for every text, a text body arrives as it was sent", () => {
    const codePoint = fc
      .oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0x10_ff_ff }))
      .filter((code) => code < 0xd8_00 || code > 0xdf_ff);
    const anyText = fc.array(codePoint).map((codes) => String.fromCodePoint(...codes));
    fc.assert(
      fc.property(anyText, (text) => {
        const event = eventOf({ ...typed("application/json"), body: Buffer.from(text) });
        expect(event.body ?? "").toBe(text);
        expect(event.isBase64Encoded).toBe(false);
      }),
    );
  });

  test("for every byte string, the body is found again in the event", () => {
    const type = fc.constantFrom("application/json", "application/octet-stream", "image/png");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), type, (bytes, contentType) => {
        const event = eventOf({ ...typed(contentType), body: Buffer.from(bytes) });
        const encoding = event.isBase64Encoded ? "base64" : "utf8";
        expect(Buffer.from(event.body ?? "", encoding)).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

describe("isTextBody", () => {
  const text = Buffer.from("text");

  test.each([
    "text/plain",
    "text/html; charset=utf-8",
    "application/json",
    "Application/JSON;charset=UTF-8",
    "application/problem+json",
    "application/xml",
    "application/javascript",
  ])("takes %s for text", (type) => {
    expect(isTextBody({ "content-type": type }, text)).toBe(true);
  });

  test.each([
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "image/png",
    "application/x-json",
    "",
    "json",
  ])("takes %j for binary", (type) => {
    expect(isTextBody({ "content-type": type }, text)).toBe(false);
  });

  test("takes encoded bodies and invalid UTF-8 for binary whatever they are called", () => {
    const headers = { "content-type": "application/json" };
    expect(isTextBody({ ...headers, "content-encoding": "gzip" }, text)).toBe(false);
    expect(isTextBody(headers, Buffer.from([0xff]))).toBe(false);
    expect(isTextBody({}, text)).toBe(false);
  });
});

describe("queryParameters", () => {
  test("decodes names and values and keeps what cannot be decoded", () => {
    expect(queryParameters("a%20b=c+d&empty&bad=%zz&=x")).toEqual({
      "a b": "c d",
      empty: "",
      bad: "%zz",
      "": "x",
    });
    expect(queryParameters("")).toBeUndefined();
  });

  test("for every list of pairs, the values of a name are joined in their order", () => {
    const pair = fc.tuple(fc.constantFrom("a", "b"), fc.string());
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1 }), (pairs) => {
        const query = pairs
          .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
          .join("&");
        const valuesOf = (name: string) =>
          pairs.filter(([other]) => other === name).map(([, value]) => value.toWellFormed());
        const expected = ["a", "b"]
          .filter((name) => valuesOf(name).length > 0)
          .map((name) => [name, valuesOf(name).join(",")]);
        expect(queryParameters(query)).toEqual(Object.fromEntries(expected));
      }),
    );
  });
});

describe("accessLogTime", () => {
  test("pads days and hours", () => {
    expect(accessLogTime(Date.UTC(2026, 0, 2, 3, 4, 5))).toBe("02/Jan/2026:03:04:05 +0000");
  });
});
