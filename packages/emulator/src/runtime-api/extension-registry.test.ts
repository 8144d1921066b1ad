import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { RuntimeApi } from "./runtime-api.ts";

vi.setConfig({ expect: { poll: { interval: 2 } } });

const IDENTITY = {
  functionName: "f",
  functionVersion: "7",
  handler: "index.handler",
  accountId: "000000000000",
};
const EVENT = {
  requestId: "r-1",
  invocationId: "i-1",
  invokedArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
  deadlineEpochMs: 1_700_000_000_123,
  payload: Buffer.from("{}"),
};

let api: RuntimeApi;
let base: string;
let changes: number;

beforeEach(async () => {
  changes = 0;
  api = new RuntimeApi(
    {
      onNext: () => undefined,
      onAnswer: () => undefined,
      onStream: () => undefined,
      onInitError: () => undefined,
      onExtensionChange: () => (changes += 1),
    },
    IDENTITY,
  );
  base = `http://${await api.listen()}`;
});

afterEach(() => api.close());

interface Answer {
  readonly status: number;
  readonly id: string | null;
  readonly json: unknown;
}

async function call(line: string, headers: Record<string, string> = {}, body?: string) {
  const [method = "", path = ""] = line.split(" ");
  const reply = await fetch(`${base}/2020-01-01/extension/${path}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  const id = reply.headers.get("lambda-extension-identifier");
  return { status: reply.status, id, json: await reply.json() } satisfies Answer;
}

function register(name: string, body = '{"events":["INVOKE"]}', headers = {}): Promise<Answer> {
  return call("POST register", { "Lambda-Extension-Name": name, ...headers }, body);
}

async function registered(name: string, body?: string): Promise<Record<string, string>> {
  const { id } = await register(name, body);
  return { "Lambda-Extension-Identifier": id ?? "" };
}

function next(headers: Record<string, string>): Promise<Answer> {
  return call("GET event/next", headers);
}

function refused(errorType: string, errorMessage: unknown): Partial<Answer> {
  return { status: 403, json: { errorType, errorMessage } };
}

const transition = (from: string, to: string, name: string) =>
  refused(
    "Extension.InvalidExtensionState",
    `State transition from ${from} to ${to} failed for extension ${name}. Error: State transition is not allowed`,
  );

describe("ExtensionRegistry", () => {
  test("tells an extension whose function it belongs to, and the account if asked", async () => {
    expect(await register("a")).toMatchObject({
      status: 200,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      json: { functionName: "f", functionVersion: "7", handler: "index.handler" },
    });
    const { json } = await register("b", "{}", {
      "Lambda-Extension-Accept-Feature": "other, accountId",
    });
    expect(json).toMatchObject({ accountId: "000000000000" });
  });

  test.each([
    ["not json", "InvalidRequestFormat", expect.any(String)],
    ["", "InvalidRequestFormat", expect.any(String)],
    ["[]", "InvalidRequestFormat", expect.any(String)],
    ['{"events":"INVOKE"}', "InvalidRequestFormat", expect.any(String)],
    [
      '{"configurationKeys":["A"]}',
      "InvalidRequestFormat",
      "configurationKeys are deprecated; use environment variables instead",
    ],
    [
      '{"events":["INVOKE","SHUTDOWN"]}',
      "Extension.InvalidEventType",
      "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
    ],
    ['{"events":["OTHER"]}', "Extension.InvalidEventType", "OTHER: ErrorInvalidEventType"],
  ])("refuses to register an internal extension with %s", async (body, type, message) => {
    expect(await register("a", body)).toMatchObject(refused(type, message));
    expect(api.extensions.isEmpty).toBe(true);
  });

  test("takes at most ten, each name once, and none after the runtime is ready", async () => {
    for (let count = 0; count < 10; count += 1) {
      expect((await register(`e${count}`, "null")).status).toBe(200);
    }
    const limit = refused("Extension.TooManyExtensions", "Extension limit (10) reached");
    expect(await register("one more")).toMatchObject(limit);
    api.extensions.reset();
    await register("a");
    expect(await register("a")).toMatchObject(
      refused("Extension.InvalidExtensionState", "Extension with this name already registered"),
    );
    api.extensions.close();
    expect(await register("b")).toMatchObject(
      refused("Extension.RegistrationClosed", "Extension registration closed already"),
    );
  });

  test("knows an external extension by its name", async () => {
    api.extensions.launch("agent");
    expect(api.extensions.haveRegistered).toBe(false);
    expect(await register("agent", '{"events":["SHUTDOWN","X"]}')).toMatchObject(
      refused("Extension.InvalidEventType", "X: ErrorInvalidEventType"),
    );
    expect((await register("agent", '{"events":["SHUTDOWN"]}')).status).toBe(200);
    expect(api.extensions.haveRegistered).toBe(true);
    expect(await register("agent")).toMatchObject(transition("Registered", "Registered", "agent"));
  });

  test("gives an event to those that asked for its kind, once for each next", async () => {
    const teller = await registered("a");
    const other = await registered("b", '{"events":[]}');
    expect([api.extensions.areFree, api.extensions.areReady]).toEqual([false, false]);
    const asking = next(teller);
    const quiet = new AbortController();
    const never = fetch(`${base}/2020-01-01/extension/event/next`, {
      headers: other,
      signal: quiet.signal,
    });
    await expect.poll(() => api.extensions.areReady).toBe(true);
    api.extensions.offer(EVENT);
    expect(await asking).toMatchObject({
      status: 200,
      json: {
        eventType: "INVOKE",
        deadlineMs: 1_700_000_000_123,
        requestId: "r-1",
        invokedFunctionArn: EVENT.invokedArn,
        tracing: { type: "X-Amzn-Trace-Id", value: "" },
      },
    });
    expect(api.extensions.areFree).toBe(false);
    const again = next(teller);
    await expect.poll(() => api.extensions.areFree).toBe(true);
    const name = teller["Lambda-Extension-Identifier"] ?? "";
    expect(await next(teller)).toMatchObject(transition("Ready", "Ready", name));
    api.extensions.offer(EVENT);
    expect((await again).status).toBe(200);
    quiet.abort();
    await expect(never).rejects.toThrow(/abort/);
    expect(changes).toBe(5);
  });

  test("names and types invocations only", async () => {
    api.extensions.launch("agent");
    const agent = await registered("agent", '{"events":["INVOKE","SHUTDOWN"]}');
    const ask = async () => {
      const asking = fetch(`${base}/2020-01-01/extension/event/next`, { headers: agent });
      await expect.poll(() => api.extensions.areReady).toBe(true);
      return () => asking;
    };
    const told = await ask();
    api.extensions.offer(EVENT);
    const invocation = await told();
    expect(invocation.headers.get("content-type")).toBe("application/json");
    expect(invocation.headers.get("lambda-extension-event-identifier")).toMatch(/^[0-9a-f-]{36}$/);

    const ended = await ask();
    api.extensions.shutDown("agent", { deadlineEpochMs: 7, reason: "spindown" });
    const end = await ended();
    expect(end.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(end.headers.get("lambda-extension-event-identifier")).toBeNull();
    expect(await end.json()).toEqual({
      eventType: "SHUTDOWN",
      deadlineMs: 7,
      shutdownReason: "spindown",
    });
  });

  test.each(["urn:uuid:ID", "{ID}", "PLAIN"])("takes an identifier written as %s", async (form) => {
    const id = "6f0c8bd8-4c5c-4b39-a5cc-3a4d3a1a9b6E";
    const written = form.replace("ID", id).replace("PLAIN", id.replaceAll("-", ""));
    expect(await next({ "Lambda-Extension-Identifier": written })).toMatchObject(
      refused("Extension.UnknownExtensionIdentifier", `Unknown extension ${id.toLowerCase()}`),
    );
  });

  describe.each([
    ["init", "InitError"],
    ["exit", "ExitError"],
  ])("an %s error", (which, state) => {
    const tell = (headers: Record<string, string>, type = "Extension.Mine") =>
      call(`POST ${which}/error`, {
        ...headers,
        ...(type && { "Lambda-Extension-Function-Error-Type": type }),
      });

    test("is taken, and may be told again; the first one counts", async () => {
      const teller = await registered("a");
      expect(await tell(teller)).toMatchObject({ status: 202, json: { status: "OK" } });
      expect((await tell(teller, "Extension.Other")).status).toBe(202);
      expect(api.extensions.toldError).toBe(`Extension.${state}`);
      expect(api.extensions.summaries()).toEqual([
        { name: "a", state, events: ["INVOKE"], errorType: "Extension.Mine" },
      ]);
      const name = teller["Lambda-Extension-Identifier"] ?? "";
      expect(await next(teller)).toMatchObject(transition(state, "Ready", name));
    });

    test("needs a type and a known teller", async () => {
      const teller = await registered("a");
      expect(await tell(teller, "")).toMatchObject(
        refused("Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found"),
      );
      const unknown = { "Lambda-Extension-Identifier": "11111111-1111-1111-1111-111111111111" };
      expect(await tell(unknown)).toMatchObject(
        refused("Extension.UnknownExtensionIdentifier", "Unknown Lambda-Extension-Identifier"),
      );
      expect(await tell({})).toMatchObject({
        json: { errorType: "Extension.MissingExtensionIdentifier" },
      });
    });
  });

  test("refuses an init error of an extension that is ready", async () => {
    const teller = await registered("a");
    const asking = next(teller);
    await expect.poll(() => api.extensions.areReady).toBe(true);
    const headers = { ...teller, "Lambda-Extension-Function-Error-Type": "Extension.Mine" };
    const name = teller["Lambda-Extension-Identifier"] ?? "";
    expect(await call("POST init/error", headers)).toMatchObject(
      transition("Ready", "InitError", name),
    );
    api.extensions.offer(EVENT);
    await asking;
  });

  test.each([
    ["/2020-08-15/logs", "Logs.NotSupported"],
    ["/2022-07-01/telemetry", "Telemetry.NotSupported"],
  ])("answers a subscription to %s as where AWS has none", async (path, errorType) => {
    const reply = await fetch(base + path, { method: "PUT", body: "{}" });
    expect([reply.status, await reply.json()]).toMatchObject([202, { errorType }]);
  });
});
