import { afterEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator,
  stopScriptedEmulators,
} from "../../testing/scripted-emulator.ts";
import { initialise } from "./testing/scripted-concurrency.ts";

const RESERVED = "/2017-10-31/functions/echo/concurrency";
const PROVISIONED = "/2019-09-30/functions/echo/provisioned-concurrency";
const MINUTES_MS = 120_000;

afterEach(stopScriptedEmulators);

async function start({ concurrencyMax = 100 } = {}) {
  const scripted = await startScriptedEmulator({ concurrencyMax, isManual: true });
  const { call } = scripted;
  await call(`POST ${FUNCTIONS}`, newFunction("echo", { Publish: true }));
  const put = (qualifier: string, count: unknown) =>
    call(`PUT ${PROVISIONED}?Qualifier=${qualifier}`, { ProvisionedConcurrentExecutions: count });
  const alias = (name: string, version = "1") =>
    call(`POST ${FUNCTIONS}/echo/aliases`, { Name: name, FunctionVersion: version });
  return { ...scripted, put, alias };
}

const textOf = ({ body }: { readonly body: Record<string, unknown> }) =>
  body["message"] ?? body["Message"];

describe("reserved concurrency", () => {
  test("shows in GetFunction and in the account's settings, and no longer when it is deleted", async () => {
    const { call } = await start();
    await call(`PUT ${RESERVED}`, { ReservedConcurrentExecutions: 30 });
    const unreserved = async () => {
      const { body } = await call("GET /2016-08-19/account-settings");
      return body["AccountLimit"];
    };
    expect((await call(`GET ${FUNCTIONS}/echo`)).body["Concurrency"]).toEqual({
      ReservedConcurrentExecutions: 30,
    });
    expect(await unreserved()).toMatchObject({
      ConcurrentExecutions: 100,
      UnreservedConcurrentExecutions: 70,
    });
    await call(`DELETE ${RESERVED}`);
    expect((await call(`GET ${FUNCTIONS}/echo`)).body).not.toHaveProperty("Concurrency");
    expect(await unreserved()).toMatchObject({ UnreservedConcurrentExecutions: 100 });
  });

  test.each([
    [
      {},
      "Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null",
    ],
    [
      { ReservedConcurrentExecutions: -1 },
      "Value '-1' at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 0",
    ],
  ])("refuses %j", async (members, failure) => {
    const { call } = await start();
    const reply = await call(`PUT ${RESERVED}`, members);
    expect([reply.status, reply.errorType, textOf(reply)]).toEqual([
      400,
      "ValidationException",
      `1 validation error detected: ${failure}`,
    ]);
  });

  test("leaves a tenth of the account unreserved", async () => {
    const { call } = await start();
    const put = (reserved: number) =>
      call(`PUT ${RESERVED}`, { ReservedConcurrentExecutions: reserved });
    expect((await put(91)).status).toBe(400);
    expect((await put(90)).status).toBe(200);
    expect((await put(0)).status).toBe(200);
  });

  test("ends with its function", async () => {
    const { call } = await start();
    await call(`PUT ${RESERVED}`, { ReservedConcurrentExecutions: 0 });
    await call(`DELETE ${FUNCTIONS}/echo`);
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    expect((await call("GET /2019-09-30/functions/echo/concurrency")).text).toBe("{}");
  });
});

describe("provisioned concurrency", () => {
  test("is listed by qualifier, page by page", async () => {
    const { call, put, alias, clock } = await start();
    await alias("live", "1");
    await put("live", 2);
    await call(`PUT ${FUNCTIONS}/echo/configuration`, { Timeout: 5 });
    clock.advanceMs(1_000);
    await call(`POST ${FUNCTIONS}/echo/versions`, {});
    expect((await call(`GET ${PROVISIONED}?List=ALL&MaxItems=1`)).body).toEqual({
      ProvisionedConcurrencyConfigs: [
        {
          FunctionArn: `${ARN}echo:live`,
          RequestedProvisionedConcurrentExecutions: 2,
          AvailableProvisionedConcurrentExecutions: 0,
          AllocatedProvisionedConcurrentExecutions: 0,
          Status: "IN_PROGRESS",
          LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/),
        },
      ],
    });
  });

  test("needs a qualifier, and a number of at least one", async () => {
    const { call } = await start();
    const reply = await call(`PUT ${PROVISIONED}`, {});
    expect(textOf(reply)).toBe(
      "2 validation errors detected: Value null at 'provisionedConcurrentExecutions' failed to satisfy constraint: Member must not be null; Value null at 'qualifier' failed to satisfy constraint: Member must not be null",
    );
  });

  test("is refused for an alias of $LATEST", async () => {
    const { put, alias } = await start();
    await alias("next", "$LATEST");
    expect(textOf(await put("next", 1))).toBe(
      "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
    );
  });

  test("is refused for a second alias of a version", async () => {
    const { put, alias } = await start();
    await alias("one");
    await alias("two");
    await put("one", 1);
    const reply = await put("two", 1);
    expect([reply.status, reply.errorType]).toEqual([409, "ResourceConflictException"]);
  });

  test("is bounded by the reservation of its function, counted without its own old number", async () => {
    const { call, put } = await start();
    await call(`PUT ${RESERVED}`, { ReservedConcurrentExecutions: 5 });
    expect((await put("1", 4)).status).toBe(202);
    expect((await put("1", 5)).status).toBe(202);
    expect((await put("1", 6)).status).toBe(400);
  });

  test("is bounded by what has to stay unreserved", async () => {
    const { put } = await start();
    expect(textOf(await put("1", 101))).toBe(
      "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [100].",
    );
    expect(textOf(await put("1", 91))).toBe(
      "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10].",
    );
    expect((await put("1", 90)).status).toBe(202);
  });

  test("deletes nothing with success, and refuses what does not exist", async () => {
    const { call } = await start();
    expect((await call(`DELETE ${PROVISIONED}?Qualifier=1`)).status).toBe(204);
    expect(textOf(await call(`DELETE ${PROVISIONED}?Qualifier=none`))).toBe(
      `Cannot find alias arn: ${ARN}echo:none`,
    );
    expect(textOf(await call(`DELETE ${PROVISIONED}?Qualifier=$LATEST`))).toBe(
      "The function resource provided must be an alias or a published version.",
    );
  });

  test("serves requests through its alias when it is ready", async () => {
    const { call, put, alias, clock, environments, emulator } = await start();
    await alias("live");
    await put("live", 1);
    clock.advanceMs(MINUTES_MS);
    initialise(environments);
    const reply = call(`POST ${FUNCTIONS}/echo:live/invocations`, {});
    await expect.poll(() => environments[0]?.phase).toBe("invoking");
    environments[0]?.answer('"done"');
    expect((await reply).text).toBe('"done"');
    expect(emulator.listEnvironments()).toMatchObject([
      { function: "echo", version: "1", startedBy: "provisioned", invocations: 1 },
    ]);
  });
});
