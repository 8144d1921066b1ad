import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { type Duplex, duplexPair } from "node:stream";

import { LAMBDA_LIMITS } from "@pilotlight/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { FRAME, type Frame, frame, FrameReader } from "./frames.cjs";
import { RuntimeApi } from "./runtime-api.ts";
import type { RuntimeEvent } from "./runtime-event.ts";

vi.setConfig({ expect: { poll: { interval: 2 } } });

const EVENT: RuntimeEvent = {
  requestId: "r-1",
  invocationId: "i-1",
  invokedArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
  deadlineEpochMs: 1_700_000_000_123,
  payload: Buffer.from('{"k":"ä"}'),
};

const NEXT = frame(FRAME.next);
const NEXT_MARKED = frame(FRAME.next, { head: "marked" });

/** What the API has told the environment, in its order. */
let told: string[];
let received: Frame[];
let api: RuntimeApi;
/** The emulator's end of the channel that was connected last. */
let emulatorEnd: Duplex;

beforeEach(() => {
  told = [];
  received = [];
  api = new RuntimeApi(
    {
      onNext: (isLogMarked) => told.push(isLogMarked ? "next, marked" : "next"),
      onAnswer: (answer) =>
        told.push(
          "payload" in answer ? `${answer.kind} ${answer.payload.toString()}` : answer.kind,
        ),
      onStream: () => undefined,
      onInitError: () => told.push("init error"),
      onExtensionChange: () => undefined,
    },
    { functionName: "f", functionVersion: "1", handler: "i.h", accountId: "0" },
  );
});

afterEach(() => api.close());

/** Plays a runtime at the other end of a channel. */
function connect(): Duplex {
  const [runtime, emulator] = duplexPair();
  const reader = new FrameReader((read) => received.push(read), {
    kinds: [FRAME.event, FRAME.refusal],
    bodyBytesMax: 1000,
  });
  runtime.on("data", (chunk: Buffer) => reader.push(chunk));
  emulatorEnd = emulator;
  api.connect(emulator);
  return runtime;
}

function response(body: string, requestId = "r-1"): Buffer {
  return frame(FRAME.response, { head: requestId, body });
}

/** Connects a runtime that has been given the event. */
async function connectRunning(): Promise<Duplex> {
  const runtime = connect();
  runtime.write(NEXT);
  await expect.poll(() => api.state).toBe("Ready");
  api.offer(EVENT);
  await expect.poll(() => received.length).toBe(1);
  received = [];
  told = [];
  return runtime;
}

describe("RuntimeChannel", () => {
  test("hands an event to a waiting next with its headers and its bytes", async () => {
    connect().write(NEXT_MARKED);
    await expect.poll(() => told).toEqual(["next, marked"]);
    api.offer({ ...EVENT, clientContext: '{"custom":{"a":"ü"}}' });
    await expect.poll(() => received.length).toBe(1);
    const [{ kind, head, body } = { kind: 0, head: "", body: undefined }] = received;
    expect(kind).toBe(FRAME.event);
    expect(JSON.parse(head)).toEqual({
      "lambda-runtime-aws-request-id": "r-1",
      "lambda-runtime-deadline-ms": "1700000000123",
      "lambda-runtime-invoked-function-arn": EVENT.invokedArn,
      "lambda-runtime-invocation-id": "i-1",
      "lambda-runtime-client-context": '{"custom":{"a":"ü"}}',
    });
    expect(body?.toString("utf8")).toBe('{"k":"ä"}');
  });

  test("tells of an answer before the next that comes in one piece with it", async () => {
    const runtime = await connectRunning();
    runtime.write(Buffer.concat([response("2"), NEXT]));
    await expect.poll(() => told).toEqual(["response 2", "next"]);
    expect(api.state).toBe("Ready");
  });

  test("takes an error", async () => {
    const runtime = await connectRunning();
    runtime.write(frame(FRAME.error, { head: "r-1", body: '{"errorType":"T"}' }));
    await expect.poll(() => told).toEqual(['error {"errorType":"T"}']);
  });

  test("refuses an answer that is too large and goes on with the next event", async () => {
    const runtime = await connectRunning();
    const { invokeResponseBytesMax } = LAMBDA_LIMITS;
    runtime.write(Buffer.concat([response("x".repeat(invokeResponseBytesMax + 1)), NEXT]));
    await expect.poll(() => told).toEqual(["too_large", "next"]);
  });

  test("ignores an answer to another event, a second answer, and one that breaks off", async () => {
    const runtime = await connectRunning();
    runtime.write(response("1", "r-0"));
    runtime.write(response("2"));
    runtime.write(response("3"));
    runtime.end(NEXT.subarray(1));
    await expect.poll(() => told).toEqual(["response 2"]);
    expect(api.state).toBe("RuntimeResponseSentState");
  });

  test.each([
    ["no frame", Buffer.from("this is no frame\n")],
    ["a frame of the emulator's own kind", frame(FRAME.event, { head: "{}" })],
    ["a head above 64 KB", frame(FRAME.response, { head: "r".repeat(65_537), body: "1" })],
  ])("ends the channel of a runtime that sends %s", async (_what, bytes) => {
    const runtime = await connectRunning();
    const closed = once(emulatorEnd, "close");
    runtime.write(bytes);
    await closed;
    expect(told).toEqual([]);
  });

  test("refuses a next after an init error", async () => {
    const runtime = connect();
    const url = `http://${await api.listen()}/2018-06-01/runtime/init/error`;
    await fetch(url, { method: "POST", body: "{}" });
    runtime.write(NEXT);
    await expect
      .poll(() => received)
      .toEqual([{ kind: FRAME.refusal, head: "403", body: Buffer.alloc(0) }]);
  });

  test("lets a next wait for the stream that a failing function is about to send by HTTP", async () => {
    const runtime = await connectRunning();
    const address = await api.listen();
    runtime.write(NEXT);
    const url = new URL(`http://${address}/2018-06-01/runtime/invocation/r-1/response`);
    const posting = httpRequest(url, {
      method: "POST",
      headers: { "Lambda-Runtime-Function-Response-Mode": "streaming" },
    });
    posting.on("response", (reply) => reply.resume());
    posting.write("part one, ");
    await expect.poll(() => api.state).toBe("InvocationResponse");
    expect(told).toEqual([]);
    posting.end("part two");
    await expect.poll(() => told).toEqual(["response part one, part two", "next"]);
    expect(received).toEqual([]);
  });

  test("hears nothing from the process before a reset", async () => {
    const before = await connectRunning();
    api.reset();
    const after = connect();
    before.write(response("1"));
    after.write(NEXT);
    await expect.poll(() => told).toEqual(["next"]);
  });
});
