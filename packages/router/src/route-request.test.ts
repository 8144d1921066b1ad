import { describe, expect, test } from "vitest";

import { ERROR_CATALOG } from "@pilotlight/core";
import { VirtualClock } from "@pilotlight/core/testing";
import type { InvocationEvent } from "@pilotlight/protocol";

import type { HttpEvent } from "./http-event.ts";
import type { FunctionInvoker, InvokeOutcome } from "./invoker.ts";
import { routeRequest } from "./route-request.ts";
import type { RouteContext } from "./route-request.ts";

const INVOKE_MS = 30;

/** A function tier that takes 30 ms of virtual time and remembers what it was asked. */
function scriptedInvoker(clock: VirtualClock, outcome: InvokeOutcome) {
  const asked: { functionName: string; event: InvocationEvent }[] = [];
  const invoker: FunctionInvoker = {
    async invoke(functionName, event) {
      asked.push({ functionName, event });
      clock.advanceMs(INVOKE_MS);
      return outcome;
    },
  };
  return { invoker, asked };
}

const ANSWERED: InvokeOutcome = {
  kind: "answered",
  answer: {
    statusCode: 200,
    headers: {
      "content-type": "application/json",
      "server-timing": "infer;dur=1.00",
      "x-pilotlight-cold": "false",
    },
    body: "{}",
    isBase64Encoded: false,
  },
};

function setUp(outcome: InvokeOutcome = ANSWERED) {
  const clock = new VirtualClock();
  const { invoker, asked } = scriptedInvoker(clock, outcome);
  const errors: unknown[] = [];
  const digits = {
    name: "digits",
    version: "1",
    functionName: "shop-local-digits",
    latencyBudgetMs: 1000,
  };
  const context: RouteContext = {
    serverName: "shop",
    serverVersion: "0.1.0",
    models: new Map([["digits", digits]]),
    invoker,
    clock,
    onError: (error) => errors.push(error),
  };
  return { context, asked, errors };
}

function httpEvent(method: string, rawPath: string, more: Partial<HttpEvent> = {}): HttpEvent {
  return { rawPath, headers: {}, requestContext: { http: { method } }, ...more };
}

const INFER = httpEvent("POST", "/v2/models/digits/infer", {
  headers: { "Content-Type": "application/json" },
  body: '{"inputs":[]}',
});

describe("routeRequest", () => {
  test("hands an infer request to the model's function as it came", async () => {
    const { context, asked } = setUp();
    await routeRequest(INFER, context);
    expect(asked).toEqual([
      {
        functionName: "shop-local-digits",
        event: {
          action: "infer",
          headers: { "content-type": "application/json" },
          body: '{"inputs":[]}',
          isBase64Encoded: false,
        },
      },
    ]);
  });

  test.each([
    ["GET", "/v2/models/digits", "metadata"],
    ["GET", "/v2/models/digits/versions/1", "metadata"],
    ["GET", "/v2/models/digits/ready", "ready"],
    ["POST", "/predict/digits", "predict"],
  ])("turns %s %s into the action %s", async (method, path, action) => {
    const { context, asked } = setUp();
    await routeRequest(httpEvent(method, path), context);
    expect(asked[0]?.event.action).toBe(action);
  });

  test("adds its own time, the tier and the decision to the answer's headers", async () => {
    const { context } = setUp();
    const { headers } = await routeRequest(INFER, context);
    expect(headers).toMatchObject({
      "server-timing": "infer;dur=1.00, invoke;dur=30.00, route;dur=30.00",
      "x-pilotlight-cold": "false",
      "x-pilotlight-tier": "function",
      "x-pilotlight-decision": "tier=function; reason=only-tier; budget-ms=1000; late=false",
    });
  });

  test("says that an answer came after its budget", async () => {
    const { context } = setUp();
    const event = { ...INFER, headers: { "x-latency-budget-ms": "29.5" } };
    const { headers } = await routeRequest(event, context);
    expect(headers["x-pilotlight-decision"]).toContain("budget-ms=29.5; late=true");
  });

  test.each(["", "0", "-5", "soon", "Infinity", "0x10", "1e3", "900001"])(
    "refuses the latency budget %j before asking the model",
    async (text) => {
      const { context, asked } = setUp();
      const answer = await routeRequest(
        { ...INFER, headers: { "x-latency-budget-ms": text } },
        context,
      );
      expect(answer.statusCode).toBe(400);
      expect(answer.body).toContain("x-latency-budget-ms");
      expect(asked).toEqual([]);
    },
  );

  test.each([
    ["GET", "/v2/health/live", { live: true }],
    ["GET", "/v2/health/ready", { ready: true }],
    [
      "GET",
      "/v2",
      { name: "shop", version: "0.1.0", extensions: ["binary_tensor_data"], models: ["digits"] },
    ],
  ])("answers %s %s without asking a function", async (method, path, body) => {
    const { context, asked } = setUp();
    const answer = await routeRequest(httpEvent(method, path), context);
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(body);
    expect(asked).toEqual([]);
  });

  test.each([
    { call: ["POST", "/v2/models/cats/infer"], statusCode: 404, text: "cats" },
    { call: ["POST", "/v2/models/digits/versions/2/infer"], statusCode: 404, text: '\\"2\\"' },
    { call: ["GET", "/nowhere"], statusCode: 404, text: "/nowhere" },
    { call: ["GET", "/v2/models/digits/infer"], statusCode: 405, text: "POST" },
  ] as const)("refuses $call with $statusCode", async ({ call, statusCode, text }) => {
    const { context } = setUp();
    const answer = await routeRequest(httpEvent(call[0], call[1]), context);
    expect(answer.statusCode).toBe(statusCode);
    expect(answer.body).toContain(text);
    expect(JSON.parse(answer.body)).toEqual({ error: expect.any(String) });
  });

  const failed = (errorType: string): InvokeOutcome => ({
    kind: "failed",
    errorType,
    errorMessage: "details",
  });

  test.each<[string, InvokeOutcome, keyof typeof ERROR_CATALOG]>([
    [
      "a throttle",
      { kind: "throttled", reason: "ConcurrentInvocationLimitExceeded" },
      "ERR_FUNCTION_THROTTLED",
    ],
    [
      "an event that is too large",
      { kind: "too-large", bytes: 7, bytesMax: 6 },
      "ERR_BODY_TOO_LARGE",
    ],
    [
      "a Lambda out of reach",
      { kind: "unreachable", cause: "ECONNREFUSED" },
      "ERR_FUNCTION_UNREACHABLE",
    ],
    ["a timeout", failed("Sandbox.Timedout"), "ERR_FUNCTION_TIMED_OUT"],
    ["no answer in time", { kind: "timed-out", afterMs: 29_000 }, "ERR_FUNCTION_TIMED_OUT"],
    ["a crash", failed("Runtime.ExitError"), "ERR_FUNCTION_FAILED"],
    ["an oversize answer", failed("Function.ResponseSizeTooLarge"), "ERR_ANSWER_TOO_LARGE"],
    ["a model that does not load", failed("ERR_MODEL_UNLOADABLE"), "ERR_MODEL_UNLOADABLE"],
  ])(
    "answers %s with the catalogue's status and a Retry-After where a retry may help",
    async (_name, outcome, code) => {
      const { context } = setUp(outcome);
      const answer = await routeRequest(INFER, context);
      expect(answer.statusCode).toBe(ERROR_CATALOG[code].statusCode);
      expect("retry-after" in answer.headers).toBe(ERROR_CATALOG[code].retryable);
      expect(JSON.parse(answer.body)).toEqual({ error: expect.any(String) });
    },
  );

  test("says which methods a path takes", async () => {
    const { context } = setUp();
    const get = await routeRequest(httpEvent("GET", "/v2/models/digits/infer"), context);
    expect(get.headers["allow"]).toBe("POST");
    const put = await routeRequest(httpEvent("PUT", "/v2"), context);
    expect(put.headers["allow"]).toBe("GET, HEAD");
    expect((await routeRequest(httpEvent("HEAD", "/v2"), context)).statusCode).toBe(200);
  });

  test("passes credentials and cookies on to a handler only", async () => {
    const { context, asked } = setUp();
    const headers = { authorization: "secret", "content-type": "text/plain" };
    await routeRequest({ ...INFER, headers }, context);
    await routeRequest(httpEvent("POST", "/predict/digits", { headers }), context);
    expect(asked.map(({ event }) => event.headers)).toEqual([
      { "content-type": "text/plain" },
      headers,
    ]);
  });

  test("tells of its own faults, and says nothing of them to the caller", async () => {
    const { context, errors } = setUp();
    const fault = new TypeError("secret detail");
    const invoker: FunctionInvoker = { invoke: () => Promise.reject(fault) };
    const answer = await routeRequest(INFER, { ...context, invoker });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain("secret");
    expect(errors).toEqual([fault]);
  });
});
