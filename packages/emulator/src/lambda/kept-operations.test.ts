import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator,
  stopScriptedEmulators,
} from "../testing/scripted-emulator.ts";

type Scripted = Awaited<ReturnType<typeof startScriptedEmulator>>;
let call: Scripted["call"];
let environments: Scripted["environments"];

beforeEach(async () => {
  ({ call, environments } = await startScriptedEmulator());
  await call(`POST ${FUNCTIONS}`, newFunction("fn", { Publish: true }));
});
afterEach(stopScriptedEmulators);

const refusal = ({ status, errorType, body }: Awaited<ReturnType<Scripted["call"]>>) => [
  status,
  errorType,
  body["message"] ?? body["Message"],
];

describe("recursion configuration", () => {
  const PATH = "/2024-08-31/functions/fn/recursion-config";

  test("terminates loops unless it is told to allow them", async () => {
    expect((await call(`GET ${PATH}`)).body).toEqual({ RecursiveLoop: "Terminate" });
    const put = await call(`PUT ${PATH}`, { RecursiveLoop: "Allow" });
    expect([put.status, put.body]).toEqual([200, { RecursiveLoop: "Allow" }]);
    expect((await call(`GET ${PATH}`)).body).toEqual({ RecursiveLoop: "Allow" });
  });

  test.each([
    [
      { RecursiveLoop: "Never" },
      "Value 'Never' at 'recursiveLoop' failed to satisfy constraint: Member must satisfy enum value set: [Terminate, Allow]",
    ],
    [{}, "Value null at 'recursiveLoop' failed to satisfy constraint: Member must not be null"],
  ])("refuses %j", async (body, failure) => {
    expect(refusal(await call(`PUT ${PATH}`, body))).toEqual([
      400,
      "ValidationException",
      `1 validation error detected: ${failure}`,
    ]);
  });

  test("is that of a function, not of a version", async () => {
    const [status, type] = refusal(await call(`GET ${PATH.replace("fn", "fn:1")}`));
    expect([status, type]).toEqual([400, "ValidationException"]);
    const absent = await call(`GET ${PATH.replace("fn", "absent")}`);
    expect(refusal(absent)).toEqual([
      404,
      "ResourceNotFoundException",
      `Function not found: ${ARN}absent`,
    ]);
  });
});

describe("runtime management configuration", () => {
  const PATH = "/2021-07-20/functions/fn/runtime-management-config";
  const RUNTIME = "arn:aws:lambda:us-east-1::runtime:0123456789abcdef";

  test("is kept for each version, and is automatic at first", async () => {
    const given = { UpdateRuntimeOn: "Manual", RuntimeVersionArn: RUNTIME };
    const put = await call(`PUT ${PATH}?Qualifier=1`, given);
    expect([put.status, put.body]).toEqual([200, { ...given, FunctionArn: `${ARN}fn:1` }]);
    expect((await call(`GET ${PATH}?Qualifier=1`)).body).toEqual(put.body);
    expect((await call(`GET ${PATH}`)).body).toEqual({
      UpdateRuntimeOn: "Auto",
      RuntimeVersionArn: null,
      FunctionArn: `${ARN}fn:$LATEST`,
    });
  });

  test.each([
    [{}, "Value null at 'updateRuntimeOn'"],
    [{ UpdateRuntimeOn: "Never" }, "enum value set: [Auto, Manual, FunctionUpdate]"],
    [
      { UpdateRuntimeOn: "Manual", RuntimeVersionArn: "node" },
      "Value 'node' at 'runtimeVersionArn'",
    ],
    [{ UpdateRuntimeOn: "Manual" }, "RuntimeVersionArn goes with UpdateRuntimeOn Manual"],
    [{ UpdateRuntimeOn: "Auto", RuntimeVersionArn: RUNTIME }, "goes with UpdateRuntimeOn Manual"],
  ])("refuses %j", async (body, text) => {
    const reply = await call(`PUT ${PATH}`, body);
    expect(reply.status).toBe(400);
    expect(reply.body["message"]).toContain(text);
  });

  test("is not that of a version that does not exist", async () => {
    const reply = await call(`GET ${PATH}?Qualifier=7`);
    expect([reply.status, reply.body["Message"]]).toEqual([404, `Function not found: ${ARN}fn:7`]);
  });
});

describe("code signing configuration of a function", () => {
  const PATH = "/2020-06-30/functions/fn/code-signing-config";

  test("is not there, and none that could be put exists", async () => {
    const read = await call(`GET ${PATH}`);
    expect([read.status, read.body]).toEqual([200, {}]);
    const arn = `${ARN.replace("function:", "code-signing-config:")}csc-0123456789abcdef0`;
    expect(refusal(await call(`PUT ${PATH}`, { CodeSigningConfigArn: arn }))).toEqual([
      404,
      "CodeSigningConfigNotFoundException",
      `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`,
    ]);
    expect((await call(`PUT ${PATH}`, { CodeSigningConfigArn: "csc" })).status).toBe(400);
    expect((await call(`DELETE ${PATH}`)).status).toBe(204);
    expect((await call(`GET ${PATH.replace("fn", "absent")}`)).status).toBe(404);
  });
});

describe("InvokeAsync", () => {
  test("takes an event", async () => {
    const reply = await call("POST /2014-11-13/functions/fn/invoke-async", { a: 1 });
    expect([reply.status, reply.body]).toEqual([202, { Status: 202 }]);
    await expect
      .poll(() => environments[0]?.invocations[0]?.requestId)
      .toBe(reply.headers.get("x-amzn-requestid"));
  });
});
