import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { RuntimeAnswer } from "./answer-reading.ts";
import { RuntimeApi } from "./runtime-api.ts";
import type { RuntimeEvent } from "./runtime-event.ts";

vi.setConfig({ expect: { poll: { interval: 2 } } });

const LIMIT_BYTES = 6_291_556;

const EVENT: RuntimeEvent = {
  requestId: "r-1",
  invocationId: "i-1",
  invokedArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
  deadlineEpochMs: 1_700_000_000_123,
  payload: Buffer.from('{"k":1}'),
};

const IDENTITY = { functionName: "f", functionVersion: "1", handler: "i.h", accountId: "0" };

let api: RuntimeApi;
let base: string;
let answers: RuntimeAnswer[];
let initErrors: string[];
let nextCount: number;
let onNext: (() => void) | undefined;

beforeEach(async () => {
  answers = [];
  initErrors = [];
  nextCount = 0;
  onNext = undefined;
  api = new RuntimeApi(
    {
      onNext: () => {
        nextCount += 1;
        onNext?.();
      },
      onAnswer: (answer) => answers.push(answer),
      onStream: () => undefined,
      onInitError: (payload) => initErrors.push(payload.toString("utf8")),
      onExtensionChange: () => undefined,
    },
    IDENTITY,
  );
  base = `http://${await api.listen()}/2018-06-01`;
});

afterEach(() => api.close());

/** Asks for the next event and is given `event`. */
async function takeEvent(event: RuntimeEvent = EVENT): Promise<Response> {
  const asked = new Promise<void>((resolve) => {
    onNext = resolve;
  });
  const response = fetch(`${base}/runtime/invocation/next`);
  await asked;
  api.offer(event);
  return response;
}

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${base}/runtime/${path}`, { method: "POST", body, headers });
}

async function statusAndBody(response: Response): Promise<[number, unknown]> {
  return [response.status, await response.json()];
}

function refusal(from: string, to: string): [number, unknown] {
  const errorMessage = `State transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed`;
  return [403, { errorMessage, errorType: "InvalidStateTransition" }];
}

describe("RuntimeApi", () => {
  test("hands an event to a waiting next with its headers and its bytes", async () => {
    const response = await takeEvent({ ...EVENT, clientContext: '{"custom":{"a":1}}' });
    expect(response.status).toBe(200);
    expect(response.headers.get("lambda-runtime-aws-request-id")).toBe("r-1");
    expect(response.headers.get("lambda-runtime-client-context")).toBe('{"custom":{"a":1}}');
    expect(response.headers.get("lambda-runtime-trace-id")).toBeNull();
    expect(await response.text()).toBe('{"k":1}');
  });

  test("takes a response and tells who waits for it", async () => {
    await takeEvent();
    const reply = await post("invocation/r-1/response", "2");
    expect(await statusAndBody(reply)).toEqual([202, { status: "OK" }]);
    expect(answers).toEqual([{ kind: "response", payload: Buffer.from("2") }]);
  });

  test("refuses a second answer, be it response or error", async () => {
    await takeEvent();
    await post("invocation/r-1/response", "2");
    expect(await statusAndBody(await post("invocation/r-1/response", "3"))).toEqual(
      refusal("RuntimeResponseSentState", "InvocationResponse"),
    );
    expect(await statusAndBody(await post("invocation/r-1/error", "{}"))).toEqual(
      refusal("RuntimeResponseSentState", "InvocationErrorResponse"),
    );
    expect(answers).toHaveLength(1);
  });

  test("refuses a wrong request id and then takes the right one", async () => {
    await takeEvent();
    expect(await statusAndBody(await post("invocation/deadbeef/response", "1"))).toEqual([
      400,
      { errorMessage: "Invalid request ID", errorType: "InvalidRequestID" },
    ]);
    expect((await post("invocation/r-1/response", "2")).status).toBe(202);
    expect(answers).toEqual([{ kind: "response", payload: Buffer.from("2") }]);
  });

  test("refuses a wrong invocation id, which a runtime may leave out", async () => {
    await takeEvent();
    const wrong = await post("invocation/r-1/response", "2", {
      "Lambda-Runtime-Invocation-Id": "other",
    });
    expect(await statusAndBody(wrong)).toMatchObject([400, { errorType: "InvalidInvocationId" }]);
    const right = await post("invocation/r-1/response", "2", {
      "Lambda-Runtime-Invocation-Id": "i-1",
    });
    expect(right.status).toBe(202);
  });

  test("takes a response of 6291556 bytes", async () => {
    await takeEvent();
    const reply = await post("invocation/r-1/response", "x".repeat(LIMIT_BYTES));
    expect(reply.status).toBe(202);
    expect(answers[0]).toMatchObject({ kind: "response", payload: { length: LIMIT_BYTES } });
  });

  test("refuses one byte more and goes on with the next event", async () => {
    await takeEvent();
    const reply = await post("invocation/r-1/response", "x".repeat(LIMIT_BYTES + 1));
    expect(await statusAndBody(reply)).toEqual([
      413,
      {
        errorMessage: "Exceeded maximum allowed payload size (6291556 bytes).",
        errorType: "RequestEntityTooLarge",
      },
    ]);
    expect(answers).toEqual([{ kind: "too_large" }]);
    expect((await takeEvent({ ...EVENT, requestId: "r-2" })).status).toBe(200);
  });

  test("refuses an unknown response mode, and the runtime is stuck then", async () => {
    await takeEvent();
    const reply = await post("invocation/r-1/response", "x", {
      "Lambda-Runtime-Function-Response-Mode": "bogus",
    });
    expect(await statusAndBody(reply)).toEqual([
      400,
      { errorMessage: "Invalid function response mode", errorType: "InvalidFunctionResponseMode" },
    ]);
    expect(await statusAndBody(await fetch(`${base}/runtime/invocation/next`))).toEqual(
      refusal("InvocationResponse", "Ready"),
    );
  });

  test("takes an error as it was posted", async () => {
    await takeEvent();
    const body = '{"errorMessage":"m","errorType":"T"}';
    await post("invocation/r-1/error", body);
    expect(answers).toEqual([{ kind: "error", payload: Buffer.from(body) }]);
  });

  test("keeps the cause of an error from the caller", async () => {
    await takeEvent();
    const body = '{"errorMessage":"m","errorType":"T","trace":[],"cause":{"a":1}}';
    await post("invocation/r-1/error", body, {
      "Content-Type": "application/vnd.aws.lambda.error.cause+json",
    });
    const payload = Buffer.from('{"errorMessage":"m","errorType":"T"}');
    expect(answers).toEqual([{ kind: "error", payload }]);
  });

  test.each([
    ["{", '"Invalid error body"'],
    ["[]", '"Invalid error body"'],
    ['{"errorMessage":7}', '"Invalid error body"'],
    ['{"stackTrace":"at x"}', '"Invalid error body"'],
    ["null", '{"errorMessage":"","errorType":""}'],
    [
      '{"stackTrace":["at x"],"errorCause":{}}',
      '{"errorMessage":"","errorType":"","stackTrace":["at x"]}',
    ],
  ])("reads the error with cause %s as AWS does", async (body, payload) => {
    await takeEvent();
    await post("invocation/r-1/error", body, {
      "Content-Type": "application/vnd.aws.lambda.error.cause+json",
    });
    expect(answers).toEqual([{ kind: "error", payload: Buffer.from(payload) }]);
  });

  test("takes an init error before the first next, which is refused then", async () => {
    const reply = await post("init/error", '{"errorMessage":"m","errorType":"T"}');
    expect(await statusAndBody(reply)).toEqual([202, { status: "OK" }]);
    expect(initErrors).toEqual(['{"errorMessage":"m","errorType":"T"}']);
    expect(await statusAndBody(await fetch(`${base}/runtime/invocation/next`))).toEqual(
      refusal("InitError", "Ready"),
    );
  });

  test("keeps the cause in an init error", async () => {
    const body = '{"errorMessage":"m","errorType":"T","errorCause":{"a":1}}';
    await post("init/error", body, {
      "Content-Type": "application/vnd.aws.lambda.error.cause+json",
    });
    expect(initErrors).toEqual([body]);
  });

  test("refuses a second init error", async () => {
    await post("init/error", "{}");
    expect(await statusAndBody(await post("init/error", "{}"))).toEqual(
      refusal("InitError", "InitError"),
    );
    expect(initErrors).toEqual(["{}"]);
  });

  test("does not know a request any more whose runtime has asked for the next one", async () => {
    await takeEvent();
    await post("invocation/r-1/response", "2");
    const asked = fetch(`${base}/runtime/invocation/next`);
    await expect.poll(() => api.state).toBe("Ready");
    const late = await post("invocation/r-1/response", "3");
    expect(await statusAndBody(late)).toMatchObject([400, { errorType: "InvalidRequestID" }]);
    api.offer({ ...EVENT, requestId: "r-2" });
    expect((await asked).headers.get("lambda-runtime-aws-request-id")).toBe("r-2");
    expect(answers).toHaveLength(1);
  });

  test("takes an empty response mode for none", async () => {
    await takeEvent();
    const reply = await post("invocation/r-1/response", "2", {
      "Lambda-Runtime-Function-Response-Mode": "",
    });
    expect(reply.status).toBe(202);
  });

  test("refuses an init error once the runtime runs", async () => {
    await takeEvent();
    expect(await statusAndBody(await post("init/error", "{}"))).toEqual(
      refusal("Running", "InitError"),
    );
    expect(initErrors).toEqual([]);
  });

  test("gives the same event again to a runtime that has not answered it", async () => {
    await takeEvent();
    const again = await fetch(`${base}/runtime/invocation/next`);
    expect(await again.text()).toBe('{"k":1}');
    expect(nextCount).toBe(1);
  });

  test("answers ping, unknown paths and wrong methods as AWS does", async () => {
    const ping = await fetch(`${base}/ping`);
    expect([ping.status, await ping.text()]).toEqual([200, "pong"]);
    expect((await fetch(`${base}/nope`)).status).toBe(404);
    const wrong = await fetch(`${base}/runtime/invocation/r-1/response`, { method: "PUT" });
    expect([wrong.status, await wrong.text()]).toEqual([405, ""]);
  });

  test("lets a next wait that comes while the answer before it is still being sent", async () => {
    await takeEvent();
    const url = new URL(`${base}/runtime/invocation/r-1/response`);
    const posting = httpRequest(url, {
      method: "POST",
      headers: { "Lambda-Runtime-Function-Response-Mode": "streaming" },
    });
    posting.on("response", (response) => response.resume());
    posting.write("part one, ");
    await expect.poll(() => api.state).toBe("InvocationResponse");
    const asked = takeEvent({ ...EVENT, requestId: "r-2" });
    posting.end("part two");
    expect((await asked).headers.get("lambda-runtime-aws-request-id")).toBe("r-2");
    expect(answers).toEqual([{ kind: "response", payload: Buffer.from("part one, part two") }]);
  });

  test("takes a stream whose trailers tell of an error as an error", async () => {
    await takeEvent();
    const url = new URL(`${base}/runtime/invocation/r-1/response`);
    const error = '{"errorType":"Error","errorMessage":"midway"}';
    const posting = httpRequest(url, {
      method: "POST",
      headers: {
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        Trailer: ["Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"],
      },
    });
    posting.on("response", (response) => response.resume());
    posting.write("part one");
    posting.addTrailers({
      "Lambda-Runtime-Function-Error-Type": "Error",
      "Lambda-Runtime-Function-Error-Body": Buffer.from(error).toString("base64"),
    });
    posting.end();
    await expect.poll(() => answers).toEqual([{ kind: "error", payload: Buffer.from(error) }]);
  });

  test("ignores an answer that breaks off", async () => {
    await takeEvent();
    const posting = httpRequest(new URL(`${base}/runtime/invocation/r-1/response`), {
      method: "POST",
    });
    posting.on("error", () => posting.destroy());
    posting.write("half");
    await expect.poll(() => api.state).toBe("InvocationResponse");
    posting.destroy();
    api.reset();
    await api.disconnected();
    expect(answers).toEqual([]);
  });

  test("takes an answer that breaks off for truncated when the runtime asks for the next event", async () => {
    await takeEvent();
    const posting = httpRequest(new URL(`${base}/runtime/invocation/r-1/response`), {
      method: "POST",
    });
    posting.on("error", () => posting.destroy());
    posting.write("half");
    await expect.poll(() => api.state).toBe("InvocationResponse");
    const asked = takeEvent({ ...EVENT, requestId: "r-2" });
    posting.destroy();
    expect((await asked).headers.get("lambda-runtime-aws-request-id")).toBe("r-2");
    expect(answers).toEqual([{ kind: "truncated" }]);
  });

  test("starts over after a reset", async () => {
    await post("init/error", "{}");
    api.reset();
    expect(api.state).toBe("Started");
    expect((await takeEvent()).status).toBe(200);
  });
});
