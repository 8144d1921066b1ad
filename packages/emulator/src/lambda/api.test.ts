import { afterEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  OTHER_ZIP,
  startScriptedEmulator as start,
  stopScriptedEmulators,
  ZIP,
} from "../testing/scripted-emulator.ts";

afterEach(stopScriptedEmulators);

describe("answerLambda", () => {
  test("creates a function as Pending and has it Active right afterwards", async () => {
    const { call } = await start();
    const created = await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      FunctionArn: `${ARN}echo`,
      State: "Pending",
      StateReason: "The function is being created.",
      StateReasonCode: "Creating",
      Version: "$LATEST",
      MemorySize: 128,
      Timeout: 3,
      Architectures: ["x86_64"],
      LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/echo" },
    });
    expect(created.body).not.toHaveProperty("LastUpdateStatus");
    const { Configuration } = (await call(`GET ${FUNCTIONS}/echo`)).body;
    expect(Configuration).toMatchObject({ State: "Active", LastUpdateStatus: "Successful" });
    expect(Configuration).not.toHaveProperty("StateReason");
  });

  test("keeps how a function's log is to be written, and starts it so", async () => {
    const { call, environments } = await start();
    const LoggingConfig = { LogFormat: "JSON", SystemLogLevel: "WARN" };
    const created = await call(`POST ${FUNCTIONS}`, { ...newFunction("echo"), LoggingConfig });
    const body = { ...LoggingConfig, ApplicationLogLevel: "INFO", LogGroup: "/aws/lambda/echo" };
    expect(created.body).toMatchObject({ LoggingConfig: body });
    await call(`POST ${FUNCTIONS}/echo/invocations`);
    expect(environments[0]?.version.logging).toMatchObject({ format: "JSON", systemLevel: "WARN" });
    const refused = await call(`PUT ${FUNCTIONS}/echo/configuration`, {
      LoggingConfig: { LogFormat: "Text", SystemLogLevel: "WARN" },
    });
    expect([refused.status, refused.errorType]).toEqual([400, "InvalidParameterValueException"]);
  });

  test("refuses a second function of a name", async () => {
    const { call } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const again = await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    expect([again.status, again.errorType]).toEqual([409, "ResourceConflictException"]);
  });

  test("gives each invocation an id, the same in the header and in the function", async () => {
    const { call, environments } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const { headers } = await call(`POST ${FUNCTIONS}/echo/invocations`);
    expect(environments[0]?.invocations[0]?.requestId).toBe(headers.get("x-amzn-requestid"));
  });

  test.each(["RequestResponse", "Event"])(
    "passes the caller's content type on (%s)",
    async (type) => {
      const { call, environments } = await start();
      await call(`POST ${FUNCTIONS}`, newFunction("echo"));
      const headers = {
        "content-type": "application/octet-stream",
        "x-amz-invocation-type": type,
      };
      await call(`POST ${FUNCTIONS}/echo/invocations`, {}, headers);
      await expect
        .poll(() => environments[0]?.invocations[0]?.contentType)
        .toBe("application/octet-stream");
    },
  );

  test("passes the client context on and returns the log when it is asked for", async () => {
    const { call, environments } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const context = '{"custom":{"foo":"bar"}}';
    const { headers } = await call(
      `POST ${FUNCTIONS}/echo/invocations`,
      {},
      {
        "x-amz-client-context": Buffer.from(context).toString("base64"),
        "x-amz-log-type": "Tail",
      },
    );
    expect(environments[0]?.invocations[0]?.clientContext).toBe(context);
    expect(Buffer.from(headers.get("x-amz-log-result") ?? "", "base64").toString()).toBe("END\n");
  });

  test("marks a function error with a header and a status of 200", async () => {
    const { call, environments } = await start({ isManual: true });
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const answer = call(`POST ${FUNCTIONS}/echo/invocations`, {});
    await expect.poll(() => environments.length).toBe(1);
    environments[0]?.answer('{"errorType":"Error"}', { isFunctionError: true });
    const { status, headers } = await answer;
    expect([status, headers.get("x-amz-function-error")]).toEqual([200, "Unhandled"]);
  });

  test("accepts an event with 202 and runs it, and checks a dry run only", async () => {
    const { call, environments } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const dry = await call(
      `POST ${FUNCTIONS}/echo/invocations`,
      {},
      {
        "x-amz-invocation-type": "DryRun",
      },
    );
    expect([dry.status, dry.text, environments.length]).toEqual([204, "", 0]);
    const event = await call(
      `POST ${FUNCTIONS}/echo/invocations`,
      {},
      {
        "x-amz-invocation-type": "Event",
      },
    );
    expect([event.status, event.text, event.headers.get("x-amz-executed-version")]).toEqual([
      202,
      "",
      null,
    ]);
    await expect
      .poll(() => environments[0]?.invocations[0]?.requestId)
      .toBe(event.headers.get("x-amzn-requestid"));
  });

  test("throttles above the account's concurrency", async () => {
    const { call, environments } = await start({ isManual: true, concurrencyMax: 1 });
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const first = call(`POST ${FUNCTIONS}/echo/invocations`, {});
    await expect.poll(() => environments.length).toBe(1);
    const second = await call(`POST ${FUNCTIONS}/echo/invocations`, {});
    expect([second.status, second.errorType, second.body]).toEqual([
      429,
      "TooManyRequestsException",
      { Reason: "ConcurrentInvocationLimitExceeded", Type: "User", message: "Rate Exceeded." },
    ]);
    environments[0]?.answer();
    expect((await first).status).toBe(200);
  });

  test("refuses a second update on the heels of the first and serves the new code at once", async () => {
    const { call, clock, environments } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    await call(`POST ${FUNCTIONS}/echo/invocations`, {});
    const first = await call(`PUT ${FUNCTIONS}/echo/code`, { ZipFile: OTHER_ZIP });
    expect(first.body).toMatchObject({ State: "Active", LastUpdateStatus: "InProgress" });
    const second = await call(`PUT ${FUNCTIONS}/echo/code`, { ZipFile: ZIP });
    expect([second.status, second.errorType, second.body]).toEqual([
      409,
      "ResourceConflictException",
      {
        Type: "User",
        message: `The operation cannot be performed at this time. An update is in progress for resource: ${ARN}echo`,
      },
    ]);
    clock.advanceMs(1_000);
    expect((await call(`GET ${FUNCTIONS}/echo/configuration`)).body).toMatchObject({
      LastUpdateStatus: "Successful",
      CodeSha256: first.body["CodeSha256"],
    });
    await call(`POST ${FUNCTIONS}/echo/invocations`, {});
    expect(environments.map(({ stopCause }) => stopCause)).toEqual(["replaced", undefined]);
  });

  test("lets a running invocation finish on the old configuration", async () => {
    const { call, environments } = await start({ isManual: true });
    const variables = (value: string) => ({ Environment: { Variables: { VARIANT: value } } });
    await call(`POST ${FUNCTIONS}`, newFunction("echo", variables("1")));
    const running = call(`POST ${FUNCTIONS}/echo/invocations`, {});
    await expect.poll(() => environments.length).toBe(1);
    await call(`PUT ${FUNCTIONS}/echo/configuration`, variables("2"));
    const next = call(`POST ${FUNCTIONS}/echo/invocations`, {});
    await expect.poll(() => environments.length).toBe(2);
    expect(environments.map(({ version }) => version.variables["VARIANT"])).toEqual(["1", "2"]);
    for (const environment of environments) environment.answer(environment.id);
    expect((await running).text).toBe(environments[0]?.id);
    expect((await next).text).toBe(environments[1]?.id);
  });

  test("lists functions in pages", async () => {
    const { call } = await start();
    for (const name of ["b", "a", "c"]) await call(`POST ${FUNCTIONS}`, newFunction(name));
    const first = (await call(`GET ${FUNCTIONS}?MaxItems=2`)).body;
    expect(first["Functions"]).toMatchObject([{ FunctionName: "a" }, { FunctionName: "b" }]);
    const marker = encodeURIComponent(String(first["NextMarker"]));
    const second = (await call(`GET ${FUNCTIONS}?Marker=${marker}`)).body;
    expect(second["Functions"]).toMatchObject([{ FunctionName: "c" }]);
    expect(second).not.toHaveProperty("NextMarker");
    expect((await call(`GET ${FUNCTIONS}?MaxItems=0`)).errorType).toBe("ValidationException");
  });

  test("deletes a function with its environments", async () => {
    const { call, environments } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    await call(`POST ${FUNCTIONS}/echo/invocations`, {});
    expect((await call(`DELETE ${FUNCTIONS}/echo`)).status).toBe(204);
    await expect.poll(() => environments[0]?.stopCause).toBe("replaced");
    const gone = await call(`GET ${FUNCTIONS}/echo`);
    expect([gone.status, gone.body]).toEqual([
      404,
      { Type: "User", Message: `Function not found: ${ARN}echo` },
    ]);
  });

  test.each([
    [`POST ${FUNCTIONS}/nope/invocations`, 404, `Function not found: ${ARN}nope:$LATEST`],
    [`POST ${FUNCTIONS}/echo:nope/invocations`, 404, `Function not found: ${ARN}echo:nope`],
    [`GET ${FUNCTIONS}/echo?Qualifier=nope`, 404, `Function not found: ${ARN}echo:nope`],
    [`DELETE ${FUNCTIONS}/nope`, 404, `Function not found: ${ARN}nope`],
    [`POST ${FUNCTIONS}/nope/versions`, 404, `Function not found: ${ARN}nope`],
  ])("answers %s with %i", async (line, status, message) => {
    const { call } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const answer = await call(line);
    expect([answer.status, answer.body["Message"]]).toEqual([status, message]);
    expect(answer.errorType).toBe("ResourceNotFoundException");
  });

  test("refuses payloads over the limit without reading them", async () => {
    const { call, environments } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const invocations = `POST ${FUNCTIONS}/echo/invocations`;
    const exact = Buffer.from(JSON.stringify("x".repeat(6_291_456 - 2)));
    expect((await call(invocations, exact)).status).toBe(200);
    const over = await call(invocations, Buffer.alloc(6_291_457, " "));
    expect([over.status, over.errorType, over.body["message"]]).toEqual([
      413,
      "RequestEntityTooLargeException",
      "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    ]);
    const event = await call(invocations, Buffer.alloc(1_048_577, " "), {
      "x-amz-invocation-type": "Event",
    });
    expect([event.status, event.errorType]).toEqual([413, "RequestEntityTooLargeException"]);
    expect(environments[0]?.invocationCount).toBe(1);
  });

  test("says what it has where it does not have an operation", async () => {
    const { call } = await start();
    const unknown = await call("GET /2020-04-22/code-signing-configs");
    expect(unknown.status).toBe(501);
    expect(unknown.body["message"]).toContain("CreateFunction, ListFunctions");
  });

  test("gives the account's limits", async () => {
    const { call } = await start({ concurrencyMax: 7 });
    expect((await call("GET /2016-08-19/account-settings")).body).toMatchObject({
      AccountLimit: { ConcurrentExecutions: 7 },
      AccountUsage: { FunctionCount: 0 },
    });
  });
});
