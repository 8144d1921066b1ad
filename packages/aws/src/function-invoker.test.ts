import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, describe, expect, test } from "vitest";

import { LAMBDA_LIMITS } from "@pilotlight/core";
import type { InvocationEvent } from "@pilotlight/protocol";

import { functionInvoker } from "./function-invoker.ts";

const EVENT: InvocationEvent = { action: "infer", headers: { a: "b" }, body: "{}" };
const ANSWER = { statusCode: 200, headers: {}, body: "{}", isBase64Encoded: false };

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** An invoker whose Lambda is a server of the test. */
async function invokerOf(listener: RequestListener) {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((settle) => started.listen(0, "127.0.0.1", settle));
  const { port } = started.address() as AddressInfo;
  return functionInvoker({
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
  });
}

async function outcomeOf(statusCode: number, headers: Record<string, string>, body: unknown) {
  const invoker = await invokerOf((_request, response) => {
    response.writeHead(statusCode, headers).end(JSON.stringify(body));
  });
  return await invoker.invoke("shop-local-digits", EVENT);
}

describe("functionInvoker", () => {
  test("invokes the alias live with the event as the payload, signed for Lambda", async () => {
    const calls: { request: IncomingMessage; body: string }[] = [];
    const invoker = await invokerOf((request, response) => {
      void text(request).then((body) => {
        calls.push({ request, body });
        response.end(JSON.stringify(ANSWER));
      });
    });
    expect(await invoker.invoke("shop-local-digits", EVENT)).toEqual({
      kind: "answered",
      answer: ANSWER,
    });
    const [call] = calls;
    expect(call?.request.url).toBe(
      "/2015-03-31/functions/shop-local-digits/invocations?Qualifier=live",
    );
    expect(JSON.parse(call?.body ?? "")).toEqual(EVENT);
    const { authorization, "x-amz-security-token": token } = call?.request.headers ?? {};
    expect(authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/eu-west-1\/lambda\/aws4_request, SignedHeaders=\S+, Signature=[0-9a-f]{64}$/,
    );
    expect(token).toBe("token");
  });

  test("reports a function error by its type and message", async () => {
    const failure = {
      errorType: "Sandbox.Timedout",
      errorMessage: "Task timed out after 1.00 seconds",
    };
    expect(await outcomeOf(200, { "X-Amz-Function-Error": "Unhandled" }, failure)).toEqual({
      kind: "failed",
      ...failure,
    });
  });

  test("reports a throttle with its reason", async () => {
    const body = {
      Reason: "ConcurrentInvocationLimitExceeded",
      Type: "User",
      message: "Rate Exceeded.",
    };
    expect(await outcomeOf(429, {}, body)).toEqual({ kind: "throttled", reason: body.Reason });
  });

  test("reports a refusal of Lambda by its type and message", async () => {
    const headers = { "x-amzn-errortype": "ResourceNotFoundException:http://x" };
    expect(await outcomeOf(404, headers, { Message: "Function not found" })).toEqual({
      kind: "unreachable",
      cause: "ResourceNotFoundException: Function not found",
    });
  });

  test("reports a payload that Lambda refuses for its size", async () => {
    expect(await outcomeOf(413, {}, {})).toMatchObject({ kind: "too-large" });
  });

  test("does not send an event above Lambda's limit", async () => {
    const invoker = functionInvoker({ AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    const event = { ...EVENT, body: "x".repeat(LAMBDA_LIMITS.invokeRequestBytesMax) };
    expect(await invoker.invoke("f", event)).toMatchObject({
      kind: "too-large",
      bytesMax: 6_291_456,
    });
  });

  test("reports a Lambda that is not there", async () => {
    // Port 1 is reserved and nothing listens on it.
    const invoker = functionInvoker({
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "s",
    });
    expect(await invoker.invoke("f", EVENT)).toMatchObject({
      kind: "unreachable",
      cause: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("replaces a kept connection that the other side has closed", async () => {
    let count = 0;
    const invoker = await invokerOf((request, response) => {
      count += 1;
      // The second call finds its kept connection reset before a byte of an answer.
      if (count === 2) return request.socket.resetAndDestroy();
      response.end(JSON.stringify(ANSWER));
    });
    expect(await invoker.invoke("f", EVENT)).toMatchObject({ kind: "answered" });
    expect(await invoker.invoke("f", EVENT)).toMatchObject({ kind: "answered" });
    expect(count).toBe(3);
  });

  test("reports an answer that does not come in time", async () => {
    const started = createServer(() => undefined);
    server = started;
    await new Promise<void>((settle) => started.listen(0, "127.0.0.1", settle));
    const { port } = started.address() as AddressInfo;
    const variables = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "s",
    };
    const invoker = functionInvoker(variables, { timeoutMs: 50 });
    expect(await invoker.invoke("f", EVENT)).toEqual({ kind: "timed-out", afterMs: 50 });
  });

  test.each([[{}], [[]], [null], ["text"], [{ statusCode: "200", headers: {}, body: "" }]])(
    "reports %j, which is no answer of ours, as a failure of the function",
    async (body) => {
      expect(await outcomeOf(200, {}, body)).toMatchObject({
        kind: "failed",
        errorType: "Function.InvalidAnswer",
      });
    },
  );

  test("does not repeat a call on a new connection", async () => {
    let count = 0;
    const invoker = await invokerOf((request) => {
      count += 1;
      request.socket.resetAndDestroy();
    });
    expect(await invoker.invoke("f", EVENT)).toMatchObject({ kind: "unreachable" });
    expect(count).toBe(1);
  });
});
