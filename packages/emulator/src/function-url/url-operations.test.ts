import { afterEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator as start,
  stopScriptedEmulators,
} from "../testing/scripted-emulator.ts";

afterEach(stopScriptedEmulators);

const URL_PATH = "/2021-10-31/functions/echo/url";
const MAX_ITEMS =
  "1 validation error detected: Value '51' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 50";
const MISSING = "The resource you requested does not exist.";

/** A function `echo` with an alias `live`. */
async function withAlias() {
  const emulator = await start();
  await emulator.call(`POST ${FUNCTIONS}`, newFunction("echo", { Publish: true }));
  await emulator.call(`POST ${FUNCTIONS}/echo/aliases`, { Name: "live", FunctionVersion: "1" });
  return emulator;
}

describe("the operations on function URLs", () => {
  test("make, show, change, list and delete one", async () => {
    const { call, clock } = await withAlias();
    const created = await call(`POST ${URL_PATH}`, { AuthType: "NONE" });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      FunctionUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
      FunctionArn: `${ARN}echo`,
      AuthType: "NONE",
      CreationTime: expect.any(String),
      InvokeMode: "BUFFERED",
    });
    clock.advanceMs(1_000);
    const Cors = { AllowOrigins: ["*"], MaxAge: 10 };
    const change = { Cors, AuthType: "AWS_IAM", InvokeMode: "RESPONSE_STREAM" };
    const updated = await call(`PUT ${URL_PATH}`, change);
    expect(updated.body).toMatchObject({ ...created.body, ...change });
    expect(updated.body["LastModifiedTime"]).not.toBe(created.body["CreationTime"]);
    expect((await call(`GET ${URL_PATH}`)).body).toEqual(updated.body);
    const second = await call(`POST ${URL_PATH}?Qualifier=live`, { AuthType: "NONE" });
    expect(second.body).toMatchObject({ FunctionArn: `${ARN}echo:live` });

    const first = (await call(`GET ${URL_PATH}s?MaxItems=1`)).body;
    expect(first["FunctionUrlConfigs"]).toEqual([updated.body]);
    const marker = encodeURIComponent(String(first["NextMarker"]));
    const rest = (await call(`GET ${URL_PATH}s?MaxItems=1&Marker=${marker}`)).body;
    expect(rest).toMatchObject({ FunctionUrlConfigs: [{ FunctionArn: `${ARN}echo:live` }] });

    expect((await call(`DELETE ${URL_PATH}`)).status).toBe(204);
    expect((await call(`GET ${URL_PATH}`)).body).toEqual({ Type: "User", Message: MISSING });
    // The URLs of the aliases stay.
    expect((await call(`GET ${URL_PATH}?Qualifier=live`)).status).toBe(200);
  });

  test.each([
    ["POST", "absent/url", { AuthType: "NONE" }, 404, "Function does not exist"],
    ["POST", "echo/url?Qualifier=absent", { AuthType: "NONE" }, 404, "Function does not exist"],
    ["PUT", "absent/url", {}, 404, "Function does not exist"],
    ["PUT", "echo/url?Qualifier=absent", {}, 404, "Function does not exist"],
    ["PUT", "echo/url", {}, 404, MISSING],
    ["GET", "absent/url", undefined, 404, MISSING],
    ["DELETE", "echo/url?Qualifier=live", undefined, 404, MISSING],
    ["GET", "absent/urls", undefined, 404, "Function does not exist"],
    ["GET", "echo/urls?MaxItems=51", undefined, 400, MAX_ITEMS],
  ])("%s %s with %j is refused", async (...[method, path, body, status, message]) => {
    const { call } = await withAlias();
    const reply = await call(`${method} /2021-10-31/functions/${path}`, body);
    const text = reply.body["Message"] ?? reply.body["message"];
    expect([reply.status, text]).toEqual([status, message]);
  });

  test.each([
    [
      "?Qualifier=$LATEST",
      { AuthType: "NONE" },
      String.raw`Value '$LATEST' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`,
    ],
    ["?Qualifier=1", { AuthType: "NONE" }, "Value '1' at 'qualifier'"],
    ["", {}, "Value null at 'authType' failed to satisfy constraint: Member must not be null"],
    [
      "",
      { AuthType: "ALL" },
      "Value 'ALL' at 'authType' failed to satisfy constraint: Member must satisfy enum value set: [NONE, AWS_IAM]",
    ],
    [
      "",
      { AuthType: "NONE", InvokeMode: "NEITHER" },
      "Value 'NEITHER' at 'invokeMode' failed to satisfy constraint: Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]",
    ],
    [
      "",
      { AuthType: "NONE", Cors: { MaxAge: 86_401 } },
      "Value '86401' at 'cors.maxAge' failed to satisfy constraint: Member must have value less than or equal to 86400",
    ],
    ["", { AuthType: "NONE", Cors: { AllowMethods: ["OPTIONS"] } }, "'cors.allowMethods'"],
  ])("a new URL with %s and %j breaks the service model", async (query, body, text) => {
    const { call } = await withAlias();
    const reply = await call(`POST ${URL_PATH}${query}`, body);
    expect(reply).toMatchObject({ status: 400, errorType: "ValidationException" });
    expect(reply.body["message"]).toContain(`1 validation error detected: `);
    expect(reply.body["message"]).toContain(text);
  });

  test("give a function one URL", async () => {
    const { call } = await withAlias();
    const both = await Promise.all([
      call(`POST ${URL_PATH}`, { AuthType: "NONE" }),
      call(`POST ${URL_PATH}`, { AuthType: "NONE" }),
    ]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    const again = await call(`POST ${URL_PATH}`, { AuthType: "NONE" });
    expect(again).toMatchObject({ status: 409, errorType: "ResourceConflictException" });
    expect(again.body["message"]).toBe(
      `Failed to create function url config for [functionArn = ${ARN}echo]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    );
  });

  test("end with the alias or the function that the URL is of", async () => {
    const { call } = await withAlias();
    const live = await call(`POST ${URL_PATH}?Qualifier=live`, { AuthType: "NONE" });
    const latest = await call(`POST ${URL_PATH}`, { AuthType: "NONE" });
    await call(`DELETE ${FUNCTIONS}/echo/aliases/live`);
    await expect(fetch(String(live.body["FunctionUrl"]))).rejects.toThrow("fetch failed");
    expect((await fetch(String(latest.body["FunctionUrl"]))).status).toBe(200);
    await call(`DELETE ${FUNCTIONS}/echo`);
    await expect(fetch(String(latest.body["FunctionUrl"]))).rejects.toThrow("fetch failed");
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    expect((await call(`GET ${URL_PATH}`)).status).toBe(404);
  });
});
