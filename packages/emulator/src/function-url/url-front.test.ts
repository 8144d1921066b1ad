import { request } from "node:http";

import { afterEach, describe, expect, test } from "vitest";

import {
  FUNCTIONS,
  newFunction,
  startScriptedEmulator,
  stopScriptedEmulators,
} from "../testing/scripted-emulator.ts";
import { INTEGRATION_TYPE } from "./http-prelude.ts";

afterEach(stopScriptedEmulators);

const SIGNED = {
  authorization:
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0",
};

/** A function behind a URL: it echoes its event, or answers when the test says so. */
async function start(settings: object = {}, { isManual = false, concurrencyMax = 10 } = {}) {
  const emulator = await startScriptedEmulator({ isManual, concurrencyMax });
  const { call, environments } = emulator;
  await call(`POST ${FUNCTIONS}`, newFunction("echo"));
  const created = await call("POST /2021-10-31/functions/echo/url", {
    AuthType: "NONE",
    ...settings,
  });
  const running = async () => {
    await expect.poll(() => environments.at(-1)?.invocations.length).toBe(1);
    const environment = environments.at(-1);
    const sink = environment?.invocations[0]?.responseSink;
    if (environment === undefined) throw new Error("nothing runs");
    return { environment, sink };
  };
  return { ...emulator, running, url: String(created.body["FunctionUrl"]) };
}

/** The answer's body as the function's own event. */
async function eventOf(response: Promise<Response>) {
  return (await (await response).json()) as {
    readonly requestContext: Record<string, unknown>;
    readonly [member: string]: unknown;
  };
}

describe("a function URL", () => {
  test("gives its function an event in payload format 2.0", async () => {
    const { url, call } = await start();
    const response = fetch(`${url}a%2Fb?x=1&x=2`, {
      method: "POST",
      headers: { "Content-Type": "text/plain", "X-A": "B", Cookie: "c=1; d=2" },
      body: "text",
    });
    const { host } = new URL(url);
    const event = await eventOf(response);
    const { body } = await call("GET /2021-10-31/functions/echo/url");
    expect(body["FunctionUrl"]).toBe(url);
    expect(event).toMatchObject({
      version: "2.0",
      routeKey: "$default",
      rawPath: "/a%2Fb",
      rawQueryString: "x=1&x=2",
      queryStringParameters: { x: "1,2" },
      cookies: ["c=1", "d=2"],
      headers: { "x-a": "B", host, "x-amzn-tls-version": "TLSv1.3", "content-length": "4" },
      body: "text",
      isBase64Encoded: false,
      requestContext: {
        accountId: "anonymous",
        apiId: expect.stringMatching(/^[a-z0-9]{32}$/),
        domainName: host,
        http: { method: "POST", path: "/a%2Fb", protocol: "HTTP/1.1", sourceIp: "127.0.0.1" },
        stage: "$default",
      },
    });
    expect(event.requestContext).not.toHaveProperty("authorizer");
    expect(event.requestContext["requestId"]).toBe(
      (await response).headers.get("x-amzn-requestid"),
    );
    const empty = await eventOf(fetch(url));
    expect(empty).not.toHaveProperty("body");
    expect(empty["headers"]).not.toHaveProperty("content-length");
  });

  test("asks for a signature where its AuthType says so, and tells who has signed", async () => {
    const { url } = await start({ AuthType: "AWS_IAM" });
    const refused = await fetch(url);
    expect([refused.status, await refused.text()]).toEqual([403, '{"Message":"Forbidden"}']);
    expect(refused.headers.get("x-amzn-errortype")).toBe("AccessDeniedException");
    const iam = { accessKey: "AKIDEXAMPLE", accountId: "000000000000" };
    const signed = await eventOf(fetch(url, { headers: SIGNED }));
    expect(signed.requestContext).toMatchObject({
      accountId: "000000000000",
      authorizer: { iam },
    });
    const query = "?X-Amz-Credential=AKIDEXAMPLE%2F20261124%2Fus-east-1%2Flambda%2Faws4_request";
    const presigned = await eventOf(fetch(url + query));
    expect(presigned.requestContext).toMatchObject({ authorizer: { iam } });
  });

  test("refuses a request that names another host", async () => {
    const { url, environments } = await start();
    const { port } = new URL(url);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const headers = { Host: "rebound.example" };
    const call = request({ host: "127.0.0.1", port, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.end();
    expect(await promise).toBe(403);
    expect(environments).toEqual([]);
  });

  test("lets the pages read its answers that its CORS configuration names", async () => {
    const page = "https://page.example";
    const { url, environments } = await start({ Cors: { AllowOrigins: [page] } });
    const headers = { Origin: page, "Access-Control-Request-Method": "PUT" };
    const preflight = await fetch(url, { method: "OPTIONS", headers });
    expect(preflight.headers.get("access-control-allow-origin")).toBe(page);
    expect(environments).toEqual([]);
    const read = await fetch(url, { headers: { Origin: page } });
    expect(read.headers.get("access-control-allow-origin")).toBe(page);
    const other = await fetch(url, { headers: { Origin: "https://other.example" } });
    expect([other.status, other.headers.has("access-control-allow-origin")]).toEqual([200, false]);
  });

  test.each(["BUFFERED", "RESPONSE_STREAM"])(
    "answers 502 for a function that fails (%s)",
    async (InvokeMode) => {
      const { url, running } = await start({ InvokeMode }, { isManual: true });
      const response = fetch(url);
      (await running()).environment.answer("{}", { isFunctionError: true });
      const { status } = await response;
      expect([status, await (await response).text()]).toEqual([502, "Internal Server Error"]);
    },
  );

  test("answers 429 when there is no room, and 413 for an event that is too large", async () => {
    const { url, running } = await start({}, { isManual: true, concurrencyMax: 1 });
    const large = await fetch(url, { method: "POST", body: Buffer.alloc(5_000_000) });
    expect(large.status).toBe(413);
    const first = fetch(url);
    const { environment } = await running();
    const throttled = await fetch(url);
    expect(throttled.status).toBe(429);
    expect(await throttled.json()).toMatchObject({ Reason: "ConcurrentInvocationLimitExceeded" });
    environment.answer();
    await (await first).text();
  });

  test("moves with its alias", async () => {
    const { call } = await start();
    await call(`POST ${FUNCTIONS}/echo/versions`, {});
    await call(`POST ${FUNCTIONS}/echo/aliases`, { Name: "live", FunctionVersion: "$LATEST" });
    const made = await call("POST /2021-10-31/functions/echo/url?Qualifier=live", {
      AuthType: "NONE",
    });
    await call(`PUT ${FUNCTIONS}/echo/aliases/live`, { FunctionVersion: "1" });
    expect((await fetch(String(made.body["FunctionUrl"]))).status).toBe(200);
  });
});

describe("a function URL that streams", () => {
  const settings = { InvokeMode: "RESPONSE_STREAM" };

  test("takes status and headers from the prelude, and passes the parts on as they come", async () => {
    const { url, running } = await start(settings, { isManual: true });
    const responding = fetch(url);
    const { environment, sink } = await running();
    sink?.start({ contentType: INTEGRATION_TYPE });
    await sink?.write(Buffer.from('{"statusCode":201,"headers":{"X-A":"b"}}\0\0\0\0'));
    await sink?.write(Buffer.from("\0\0\0\0first"));
    const response = await responding;
    expect([response.status, response.headers.get("x-a")]).toEqual([201, "b"]);
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first");
    await sink?.write(Buffer.from("second"));
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("second");
    environment.answer("", { isStreamed: true });
    expect((await reader?.read())?.done).toBe(true);
  });

  test("takes the content type of a stream without a prelude", async () => {
    const { url, running } = await start(settings, { isManual: true });
    const responding = fetch(url);
    const { environment, sink } = await running();
    sink?.start({ contentType: "text/plain" });
    await sink?.write(Buffer.from("text"));
    environment.answer("", { isStreamed: true });
    const response = await responding;
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(await response.text()).toBe("text");
  });

  test("breaks the body off when the function fails in the middle", async () => {
    const { url, running } = await start(settings, { isManual: true });
    const responding = fetch(url);
    const { environment, sink } = await running();
    sink?.start({ contentType: "text/plain" });
    await sink?.write(Buffer.from("part"));
    const response = await responding;
    environment.answer("{}", { isStreamed: true, isFunctionError: true });
    await expect(response.text()).rejects.toThrow("terminated");
  });

  test("answers 502 when the function fails before its first byte", async () => {
    const { url, running } = await start(settings, { isManual: true });
    const responding = fetch(url);
    const { environment, sink } = await running();
    sink?.start({ contentType: "text/plain" });
    environment.answer("{}", { isStreamed: true, isFunctionError: true });
    const response = await responding;
    expect([response.status, await response.text()]).toEqual([502, "Internal Server Error"]);
  });

  test("gives an empty body to a stream that ends without a byte", async () => {
    const { url, running } = await start(settings, { isManual: true });
    const responding = fetch(url);
    const { environment, sink } = await running();
    sink?.start({ contentType: "text/plain" });
    environment.answer("", { isStreamed: true });
    const response = await responding;
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("content-type")).toBe("text/plain");
  });

  test("answers 502 for a prelude that cannot be sent", async () => {
    const { url, running } = await start(settings, { isManual: true });
    const responding = fetch(url);
    const { environment, sink } = await running();
    sink?.start({ contentType: INTEGRATION_TYPE });
    await sink?.write(Buffer.concat([Buffer.from("[]"), Buffer.alloc(8), Buffer.from("body")]));
    await sink?.write(Buffer.from("more"));
    expect((await responding).status).toBe(502);
    environment.answer("", { isStreamed: true });
  });

  test("passes the result of a function that does not stream as it is", async () => {
    const { url, running } = await start(settings, { isManual: true });
    const responding = fetch(url);
    (await running()).environment.answer('{"statusCode":404}');
    const response = await responding;
    expect([response.status, await response.text()]).toEqual([200, '{"statusCode":404}']);
  });

  test("lets the function run to its end when its caller goes away", async () => {
    const { url, running } = await start(settings, { isManual: true });
    const gone = new AbortController();
    const responding = fetch(url, { signal: gone.signal });
    const { environment, sink } = await running();
    sink?.start({ contentType: "text/plain" });
    await sink?.write(Buffer.from("part"));
    await responding;
    gone.abort();
    // More than the sockets on the way hold: it would wait for ever, were somebody still to read it.
    for (let part = 0; part < 40; part += 1) await sink?.write(Buffer.alloc(1_000_000));
    environment.answer("", { isStreamed: true });
    expect(environment.phase).toBe("answered");
  });
});
