import { afterEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator as start,
  stopScriptedEmulators,
} from "../../testing/scripted-emulator.ts";

afterEach(stopScriptedEmulators);

const POLICY = `${FUNCTIONS}/echo/policy`;
const permission = {
  StatementId: "s3",
  Action: "lambda:InvokeFunction",
  Principal: "s3.amazonaws.com",
};

/** A function `echo` with version 1 and an alias `live`. */
async function withAlias() {
  const emulator = await start();
  await emulator.call(`POST ${FUNCTIONS}`, newFunction("echo", { Publish: true }));
  await emulator.call(`POST ${FUNCTIONS}/echo/aliases`, { Name: "live", FunctionVersion: "1" });
  return emulator;
}

describe("resource policies over the Lambda API", () => {
  test("are added to, shown, and taken from again", async () => {
    const { call } = await withAlias();
    const before = (await call(`GET ${FUNCTIONS}/echo/configuration`)).body["RevisionId"];
    const added = await call(`POST ${POLICY}`, {
      ...permission,
      SourceArn: "arn:aws:s3:::bucket",
      SourceAccount: "000000000000",
    });
    const statement = {
      Sid: "s3",
      Effect: "Allow",
      Principal: { Service: "s3.amazonaws.com" },
      Action: "lambda:InvokeFunction",
      Resource: `${ARN}echo`,
      Condition: {
        StringEquals: { "AWS:SourceAccount": "000000000000" },
        ArnLike: { "AWS:SourceArn": "arn:aws:s3:::bucket" },
      },
    };
    expect(added.status).toBe(201);
    expect(JSON.parse(String(added.body["Statement"]))).toEqual(statement);
    const shown = (await call(`GET ${POLICY}`)).body;
    expect(JSON.parse(String(shown["Policy"]))).toEqual({
      Version: "2012-10-17",
      Id: "default",
      Statement: [statement],
    });
    expect(shown["RevisionId"]).not.toBe(before);
    expect((await call(`DELETE ${POLICY}/s3?RevisionId=old`)).status).toBe(412);
    const { RevisionId } = shown;
    expect((await call(`DELETE ${POLICY}/s3?RevisionId=${String(RevisionId)}`)).status).toBe(204);
    expect((await call(`GET ${POLICY}`)).body["Message"]).toBe(
      "The resource you requested does not exist.",
    );
  });

  test("belong to a version or an alias of their own, and end with it", async () => {
    const { call } = await withAlias();
    for (const qualifier of ["1", "live"]) {
      const added = await call(`POST ${POLICY}?Qualifier=${qualifier}`, permission);
      expect(added.body["Statement"]).toContain(`${ARN}echo:${qualifier}`);
    }
    expect((await call(`GET ${POLICY}`)).status).toBe(404);
    const shown = await call(`GET ${FUNCTIONS}/echo:live/policy`);
    expect(shown.status).toBe(200);
    await call(`DELETE ${FUNCTIONS}/echo/aliases/live`);
    await call(`POST ${FUNCTIONS}/echo/aliases`, { Name: "live", FunctionVersion: "1" });
    expect((await call(`GET ${POLICY}?Qualifier=live`)).status).toBe(404);
  });

  test.each([
    ["*", "*"],
    ["123456789012", { AWS: "arn:aws:iam::123456789012:root" }],
    ["arn:aws:iam::123456789012:user/a", { AWS: "arn:aws:iam::123456789012:user/a" }],
  ])("allow the principal %s", async (Principal, written) => {
    const { call } = await withAlias();
    const { body } = await call(`POST ${POLICY}`, { ...permission, Principal });
    expect(JSON.parse(String(body["Statement"]))).toMatchObject({ Principal: written });
  });

  test("say for which calls of a function URL they hold", async () => {
    const { call } = await withAlias();
    const url = { ...permission, Principal: "*", FunctionUrlAuthType: "NONE" };
    const refused = await call(`POST ${POLICY}`, url);
    expect(refused.body["message"]).toBe(
      "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action",
    );
    const added = await call(`POST ${POLICY}`, { ...url, Action: "lambda:InvokeFunctionUrl" });
    expect(JSON.parse(String(added.body["Statement"]))).toMatchObject({
      Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "NONE" } },
    });
  });

  test.each([
    [
      "an alias that is not there",
      "POST",
      "echo/policy?Qualifier=absent",
      404,
      `Cannot find alias arn: ${ARN}echo:absent`,
    ],
    [
      "a version that is not there",
      "POST",
      "echo/policy?Qualifier=9",
      404,
      `Function not found: ${ARN}echo:9`,
    ],
    [
      "$LATEST",
      "POST",
      "echo/policy?Qualifier=$LATEST",
      400,
      "We currently do not support adding policies for $LATEST.",
    ],
    [
      "a function that is not there",
      "POST",
      "absent/policy",
      404,
      `Function not found: ${ARN}absent`,
    ],
    [
      "a policy that is not there",
      "DELETE",
      "echo/policy/s3",
      404,
      "No policy is associated with the given resource.",
    ],
    [
      "the policy of no function",
      "DELETE",
      "absent/policy/s3",
      404,
      `No policy found for: ${ARN}absent`,
    ],
  ])("refuse %s", async (...[, method, path, status, message]) => {
    const { call } = await withAlias();
    const reply = await call(
      `${method} ${FUNCTIONS}/${path}`,
      method === "POST" ? permission : undefined,
    );
    expect(reply.status).toBe(status);
    expect(reply.body["message"] ?? reply.body["Message"]).toBe(message);
  });

  test("refuse a statement twice, one that is not there, and one that is malformed", async () => {
    const { call } = await withAlias();
    await call(`POST ${POLICY}`, permission);
    const twice = await call(`POST ${POLICY}`, permission);
    expect(twice).toMatchObject({ status: 409, errorType: "ResourceConflictException" });
    const absent = await call(`DELETE ${POLICY}/absent`);
    expect(absent.body["Message"]).toBe("Statement absent is not found in resource policy.");
    const malformed = { StatementId: "a b", Action: "s3:GetObject", Principal: "nobody" };
    const reply = await call(`POST ${POLICY}`, malformed);
    expect(reply.body["message"]).toMatch(/^2 validation errors detected: .*statementId.*action/);
    const nobody = await call(`POST ${POLICY}`, {
      ...permission,
      StatementId: "n",
      Principal: "x",
    });
    expect(nobody.body["message"]).toContain("The provided principal was invalid.");
  });

  test("do not grow without end", async () => {
    const { call } = await withAlias();
    let status = 201;
    let added = 0;
    while (status === 201 && added < 200) {
      const StatementId = `${"s".repeat(90)}-${added}`;
      ({ status } = await call(`POST ${POLICY}`, { ...permission, StatementId }));
      added += 1;
    }
    expect(status).toBe(400);
    // A statement has about 240 bytes: 20,480 hold some eighty.
    expect(added).toBeLessThan(100);
  });
});
