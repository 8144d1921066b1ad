import { afterEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator as start,
  stopScriptedEmulators,
} from "../testing/scripted-emulator.ts";

afterEach(stopScriptedEmulators);

describe("versions and aliases over the Lambda API", () => {
  test("invokes by name, ARN, version and alias, and says which version ran", async () => {
    const { call, environments } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo", { Publish: true }));
    await call(`POST ${FUNCTIONS}/echo/aliases`, { Name: "live", FunctionVersion: "1" });
    const seen = [];
    for (const name of ["echo", "echo:live", encodeURIComponent(`${ARN}echo:1`), "echo:$LATEST"]) {
      const { status, text, headers } = await call(`POST ${FUNCTIONS}/${name}/invocations`, {
        a: 1,
      });
      seen.push([status, text, headers.get("x-amz-executed-version")]);
    }
    expect(seen).toEqual([
      [200, '{"a":1}', "$LATEST"],
      [200, '{"a":1}', "1"],
      [200, '{"a":1}', "1"],
      [200, '{"a":1}', "$LATEST"],
    ]);
    const arns = environments.flatMap(({ invocations }) =>
      invocations.map(({ invokedArn }) => invokedArn),
    );
    expect(arns.toSorted()).toEqual([
      `${ARN}echo`,
      `${ARN}echo:$LATEST`,
      `${ARN}echo:1`,
      `${ARN}echo:live`,
    ]);
  });

  test("publishes versions, none without a change, and lists them", async () => {
    const { call, clock } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo", { Description: "none" }));
    const first = await call(`POST ${FUNCTIONS}/echo/versions`, { Description: "first" });
    expect(first.body).toMatchObject({
      Version: "1",
      Description: "first",
      FunctionArn: `${ARN}echo:1`,
    });
    const again = await call(`POST ${FUNCTIONS}/echo/versions`, { Description: "again" });
    expect(again.body).toEqual(first.body);
    await call(`PUT ${FUNCTIONS}/echo/configuration`, { Description: "second" });
    const second = call(`POST ${FUNCTIONS}/echo/versions`);
    await expect
      .poll(() => {
        clock.advanceMs(250);
        return Promise.race([second, Promise.resolve(undefined)]);
      })
      .toMatchObject({ body: { Version: "2", Description: "second" } });
    await call(`DELETE ${FUNCTIONS}/echo?Qualifier=1`);
    const { Versions } = (await call(`GET ${FUNCTIONS}/echo/versions`)).body;
    expect(Versions).toMatchObject([{ Version: "$LATEST" }, { Version: "2" }]);
    expect(Versions).not.toMatchObject([{ State: "Active" }, {}]);
  });

  test("names the alias in the ARN of a function that was asked for by it", async () => {
    const { call } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo", { Publish: true }));
    await call(`POST ${FUNCTIONS}/echo/aliases`, { Name: "live", FunctionVersion: "1" });
    const expected = { FunctionArn: `${ARN}echo:live`, Version: "1" };
    expect((await call(`GET ${FUNCTIONS}/echo:live/configuration`)).body).toMatchObject(expected);
    expect((await call(`GET ${FUNCTIONS}/echo?Qualifier=live`)).body).toMatchObject({
      Configuration: expected,
    });
  });

  test("refuses to publish other code than the caller means, and a description that is too long", async () => {
    const { call } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const publish = (body: object) => call(`POST ${FUNCTIONS}/echo/versions`, body);
    const other = await publish({ CodeSha256: "other" });
    expect(other).toMatchObject({ status: 400, errorType: "InvalidParameterValueException" });
    expect(other.body["message"]).toMatch(/^CodeSHA256 \(other\) is different from current/);
    expect(await publish({ Description: "d".repeat(257) })).toMatchObject({
      status: 400,
      errorType: "ValidationException",
    });
    expect((await publish({ RevisionId: "old" })).status).toBe(412);
    expect((await publish({ Description: "d".repeat(256) })).status).toBe(201);
  });

  test("keeps aliases: create, get, move, list, delete, and delete again", async () => {
    const { call } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo", { Publish: true }));
    const aliases = `${FUNCTIONS}/echo/aliases`;
    const alias = { Name: "live", FunctionVersion: "1", Description: "" };
    expect((await call(`POST ${aliases}`, alias)).body).toMatchObject({
      ...alias,
      AliasArn: `${ARN}echo:live`,
    });
    expect((await call(`POST ${aliases}`, alias)).body["message"]).toBe(
      `Alias already exists: ${ARN}echo:live`,
    );
    const moved = await call(`PUT ${aliases}/live`, { FunctionVersion: "$LATEST" });
    expect(moved.body).toMatchObject({ FunctionVersion: "$LATEST" });
    expect((await call(`GET ${aliases}`)).body).toEqual({ Aliases: [moved.body] });
    const deleted = [await call(`DELETE ${aliases}/live`), await call(`DELETE ${aliases}/live`)];
    expect(deleted.map(({ status }) => status)).toEqual([204, 204]);
    expect((await call(`GET ${aliases}/live`)).body["Message"]).toBe(
      `Cannot find alias arn: ${ARN}echo:live`,
    );
    expect(
      (await call(`POST ${aliases}`, { ...alias, FunctionVersion: "9" })).body["Message"],
    ).toBe(`Function not found: ${ARN}echo:9`);
  });
});
