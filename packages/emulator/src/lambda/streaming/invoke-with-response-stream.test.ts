import {
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamCommandInput,
  type InvokeWithResponseStreamResponseEvent,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { afterEach, describe, expect, test } from "vitest";

import {
  FUNCTIONS,
  newFunction,
  startScriptedEmulator,
  stopScriptedEmulators,
} from "../../testing/scripted-emulator.ts";
import { completionOf } from "./invoke-with-response-stream.ts";

const clients: LambdaClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await stopScriptedEmulators();
});

/** A function whose environments answer when the test says so, and AWS's own client for it. */
async function start({ isManual = true, concurrencyMax = 10 } = {}) {
  const { emulator, environments, call } = await startScriptedEmulator({
    isManual,
    concurrencyMax,
  });
  await call(`POST ${FUNCTIONS}`, newFunction("echo", { Publish: true }));
  const client = new LambdaClient({
    region: "us-east-1",
    endpoint: emulator.awsUrl,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  });
  clients.push(client);
  const stream = (more: Partial<InvokeWithResponseStreamCommandInput> = {}) =>
    client.send(new InvokeWithResponseStreamCommand({ FunctionName: "echo", ...more }));
  const running = async () => {
    await expect.poll(() => environments.at(-1)?.invocations.length).toBe(1);
    const environment = environments.at(-1);
    const sink = environment?.invocations[0]?.responseSink;
    if (environment === undefined || sink === undefined) throw new Error("nothing runs");
    return { environment, sink };
  };
  return { call, environments, running, stream };
}

const ERROR = '{"errorType":"TypeError"}';
const FAILED = { ErrorCode: "Unhandled", ErrorDetails: ERROR };

type Events = AsyncIterable<InvokeWithResponseStreamResponseEvent>;

async function eventsOf({ EventStream }: { EventStream?: Events | undefined }) {
  const events: unknown[] = [];
  for await (const { PayloadChunk, InvokeComplete } of EventStream ?? []) {
    if (PayloadChunk !== undefined) {
      events.push(Buffer.from(PayloadChunk.Payload ?? []).toString("utf8"));
    } else events.push(InvokeComplete);
  }
  return events;
}

describe("InvokeWithResponseStream", () => {
  test("gives the parts as they come, then how it ended", async () => {
    const { running, stream } = await start();
    const replying = stream({ Qualifier: "1", LogType: "Tail" });
    const { environment, sink } = await running();
    sink.start({ contentType: "text/plain" });
    await sink.write(Buffer.from("first"));
    const reply = await replying;
    expect(reply).toMatchObject({
      ExecutedVersion: "1",
      ResponseStreamContentType: "application/vnd.amazon.eventstream",
    });
    const reading = eventsOf(reply);
    await sink.write(Buffer.from("second"));
    environment.answer("", { isStreamed: true });
    const LogResult = Buffer.from("END\n").toString("base64");
    expect(await reading).toEqual(["first", "second", { LogResult }]);
  });

  test("gives the answer of a function that does not stream in one part", async () => {
    const { stream } = await start({ isManual: false });
    const reply = await stream({ Payload: Buffer.from('{"a":1}') });
    expect(await eventsOf(reply)).toEqual(['{"a":1}', {}]);
  });

  test("tells a failure before the first byte", async () => {
    const { running, stream } = await start();
    const replying = stream();
    (await running()).environment.answer(ERROR, { isFunctionError: true });
    expect(await eventsOf(await replying)).toEqual([FAILED]);
  });

  test("tells a failure in the middle after the parts", async () => {
    const { running, stream } = await start();
    const replying = stream();
    const { environment, sink } = await running();
    sink.start({ contentType: "text/plain" });
    await sink.write(Buffer.from("part"));
    environment.answer(ERROR, { isFunctionError: true, isStreamed: true });
    expect(await eventsOf(await replying)).toEqual(["part", FAILED]);
  });

  test("refuses as Invoke does", async () => {
    const { running, stream } = await start({ concurrencyMax: 1 });
    await expect(stream({ FunctionName: "absent" })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      $metadata: { httpStatusCode: 404 },
    });
    const first = stream();
    const { environment } = await running();
    await expect(stream()).rejects.toMatchObject({
      name: "TooManyRequestsException",
      Reason: "ConcurrentInvocationLimitExceeded",
      $metadata: { httpStatusCode: 429 },
    });
    environment.answer();
    expect(await eventsOf(await first)).toEqual(["{}", {}]);
    await expect(stream({ Payload: Buffer.from("{") })).rejects.toMatchObject({
      name: "InvalidRequestContentException",
    });
    await expect(stream({ InvocationType: "Event" as "DryRun" })).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  test("runs nothing for a dry run", async () => {
    const { call, environments } = await start();
    const path = "/2021-11-15/functions/echo/response-streaming-invocations";
    const reply = await call(`POST ${path}`, {}, { "x-amz-invocation-type": "DryRun" });
    expect([reply.status, reply.text]).toEqual([204, ""]);
    expect(environments).toEqual([]);
  });

  test("lets the function run to its end when the caller goes away", async () => {
    const { running, stream } = await start();
    const replying = stream();
    const { environment, sink } = await running();
    sink.start({ contentType: "text/plain" });
    await sink.write(Buffer.from("first"));
    for await (const event of (await replying).EventStream ?? []) {
      expect(event).toHaveProperty("PayloadChunk");
      break;
    }
    clients.at(-1)?.destroy();
    // More than the sockets on the way hold: it would wait for ever, were somebody still to read it.
    for (let part = 0; part < 40; part += 1) await sink.write(Buffer.alloc(1_000_000));
    environment.answer("", { isStreamed: true });
    expect(environment.phase).toBe("answered");
  });
});

describe("completionOf", () => {
  test("says that a response was too large, whatever the function says", () => {
    const outcome = { isFunctionError: false, payload: Buffer.alloc(0) };
    expect(completionOf(outcome, { logTail: undefined, isTooLarge: true })).toMatchObject({
      ErrorCode: "Function.ResponseSizeTooLarge",
    });
  });
});
