import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { json } from "node:stream/consumers";

import { VirtualClock } from "@pilotlight/core/testing";
import { afterEach, describe, expect, test } from "vitest";

import type { InvocationOutcome } from "../environment/contract.ts";
import { listen, type ListeningServer } from "../http/listen.ts";
import type { PoolRefusal } from "../lambda/pool.ts";
import { httpApiFront, type RequestRecord } from "./front.ts";

const servers: ListeningServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

interface FrontOptions {
  /** The function's result as JSON, or a refusal of the pool. */
  readonly answer?: (event: Buffer) => string | Promise<never>;
  readonly isFunctionError?: boolean;
  readonly hasMetrics?: boolean;
}

async function startFront({
  answer = echo,
  isFunctionError = false,
  hasMetrics,
}: FrontOptions = {}) {
  const clock = new VirtualClock();
  const records: RequestRecord[] = [];
  const events: Buffer[] = [];
  const server = await listen(
    httpApiFront({
      invoke: async ({ payload }) => {
        events.push(Buffer.from(payload));
        const result = await answer(Buffer.from(payload));
        return isRefusal(result) ? result : outcomeOf(result, isFunctionError);
      },
      arrived: () => undefined,
      timers: clock,
      onRequest: (record) => records.push(record),
      metrics:
        hasMetrics === true
          ? () => Promise.resolve({ contentType: "text/plain; version=0.0.4", body: "up 1\n" })
          : undefined,
      onError: (error) => {
        throw error;
      },
    }),
    { port: 0, variable: "PILOTLIGHT_API_PORT" },
  );
  servers.push(server);
  return { url: server.url, clock, records, events };
}

const isRefusal = (result: string): result is PoolRefusal =>
  result === "ConcurrentInvocationLimitExceeded" || result === "stopping";

function outcomeOf(result: string, isFunctionError: boolean): InvocationOutcome {
  return {
    payload: Buffer.from(result),
    isFunctionError,
    isColdStart: false,
    durationMs: 1,
    logTail: Promise.resolve(new Uint8Array()),
  };
}

/** Answers with the length of the body that the event carries. */
function echo(event: Buffer): string {
  const { body = "", isBase64Encoded }: { body?: string; isBase64Encoded: boolean } = JSON.parse(
    event.toString(),
  );
  const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8").byteLength;
  return JSON.stringify({ statusCode: 200, headers: { "x-bytes": bytes }, body: String(bytes) });
}

describe("httpApiFront", () => {
  test("passes the request on and the response back, and reports both", async () => {
    const { url, records } = await startFront();
    const response = await fetch(`${url}/a?b=c`, { method: "POST", body: "hello" });
    expect([response.status, await response.text()]).toEqual([200, "5"]);
    expect(response.headers.get("apigw-requestid")).toMatch(/^[0-9a-f-]{36}$/);
    expect(records).toEqual([
      {
        method: "POST",
        path: "/a?b=c",
        statusCode: 200,
        durationMs: 0,
        requestBytes: 5,
        responseBytes: 1,
        headers: { "x-bytes": "5", "Content-Type": "text/plain;charset=UTF-8" },
      },
    ]);
  });

  test.each([
    ["ConcurrentInvocationLimitExceeded", 503, '{"message":"Service Unavailable"}'],
    ["stopping", 503, '{"message":"Service Unavailable"}'],
    ["not JSON", 500, '{"message":"Internal Server Error"}'],
  ])("answers a result of %j with %i", async (result, status, text) => {
    const { url } = await startFront({ answer: () => result });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([status, text]);
  });

  test("answers a function error with 500, whatever the function says", async () => {
    const { url } = await startFront({ isFunctionError: true });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([
      500,
      '{"message":"Internal Server Error"}',
    ]);
  });

  test("gives a function 30 seconds", async () => {
    const { url, clock, events } = await startFront({
      answer: () => new Promise<never>(() => undefined),
    });
    const response = fetch(url);
    await expect.poll(() => events.length).toBe(1);
    clock.advanceMs(29_999);
    clock.advanceMs(1);
    expect((await response).status).toBe(503);
  });

  test("hands on four megabytes of binary, sent in many chunks, unchanged", async () => {
    const { url, events } = await startFront();
    const body = Buffer.alloc(4_000_000, "\0\u00ffpilot", "latin1");
    const response = await fetch(url, { method: "POST", body });
    expect(await response.text()).toBe("4000000");
    const { body: text }: { body: string } = JSON.parse(events[0]?.toString() ?? "{}");
    expect(Buffer.from(text, "base64").equals(body)).toBe(true);
  });

  test("refuses a body over 10 MB and an event over 6 MB, and says what to do", async () => {
    const { url, events } = await startFront();
    // 5 MB of binary become 6.7 MB of base64.
    for (const bytes of [10_485_761, 5_242_880]) {
      const response = await fetch(url, { method: "POST", body: Buffer.alloc(bytes) });
      expect(response.status).toBe(413);
      expect(await response.json()).toEqual({
        message: "Request Entity Too Large",
        error: expect.stringMatching(/accepts .+; send fewer inputs .+ binary extension/),
      });
    }
    expect(events).toHaveLength(0);
    expect((await fetch(url, { method: "POST", body: "x" })).status).toBe(200);
  });

  test("refuses a chunked body when it has got too long", async () => {
    const { url } = await startFront();
    const request = httpRequest(url, { method: "POST" });
    const answered = once(request, "response");
    for (let count = 0; count < 12; count += 1) request.write(Buffer.alloc(1_048_576));
    request.end();
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(413);
  });

  test("asks for the body that a client announces, and refuses a large one before it is sent", async () => {
    const { url } = await startFront();
    const statusFor = async (bytes: number) => {
      const request = httpRequest(url, {
        method: "POST",
        headers: { Expect: "100-continue", "Content-Length": bytes },
      });
      let sent = 0;
      request.on("continue", () => {
        sent = bytes;
        request.end(Buffer.alloc(bytes));
      });
      request.flushHeaders();
      const [response] = await once(request, "response");
      response.resume();
      const statusCode: number = response.statusCode;
      request.destroy();
      return { statusCode, sent };
    };
    expect(await statusFor(2_000)).toEqual({ statusCode: 200, sent: 2_000 });
    expect(await statusFor(20_000_000)).toEqual({ statusCode: 413, sent: 0 });
  });

  test("survives a client that goes away in the middle of a body", async () => {
    const { url, events } = await startFront();
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    socket.destroy();
    expect((await fetch(url)).status).toBe(200);
    expect(events).toHaveLength(1);
  });

  test("refuses a request for another host before its body, and takes one of another origin", async () => {
    const { url, events, records } = await startFront();
    const request = httpRequest(url, { method: "POST", headers: { host: "evil.example" } });
    request.end("{}");
    const [response] = await once(request, "response");
    expect(response.statusCode).toBe(403);
    expect(await json(response)).toEqual({
      message: "Forbidden",
      error: expect.stringContaining('"evil.example"'),
    });
    expect(events).toHaveLength(0);
    const page = await fetch(url, { method: "POST", headers: { origin: "http://localhost:5173" } });
    expect(page.status).toBe(200);
    expect(page.headers.get("access-control-allow-origin")).toBeNull();
    expect(records.map(({ statusCode }) => statusCode)).toEqual([403, 200]);
  });

  test("answers /metrics itself where there is a source, and only GET", async () => {
    const { url, events } = await startFront({ hasMetrics: true });
    const response = await fetch(`${url}/metrics`);
    expect([response.headers.get("content-type"), await response.text()]).toEqual([
      "text/plain; version=0.0.4",
      "up 1\n",
    ]);
    await fetch(`${url}/metrics`, { method: "POST" });
    expect(events).toHaveLength(1);
  });
});
