import { afterEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator as start,
  stopScriptedEmulators,
} from "../../testing/scripted-emulator.ts";

afterEach(stopScriptedEmulators);

const tagsOf = (arn: string) => `/2017-03-31/tags/${encodeURIComponent(arn)}`;
const TAGS = tagsOf(`${ARN}echo`);

describe("tags over the Lambda API", () => {
  test("are set with the function, added, shown and taken away", async () => {
    const { call } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo", { Tags: { a: "1", b: "2" } }));
    expect((await call(`POST ${TAGS}`, { Tags: { b: "3", c: "" } })).status).toBe(204);
    const all = { a: "1", b: "3", c: "" };
    expect((await call(`GET ${TAGS}`)).body).toEqual({ Tags: all });
    expect((await call(`GET ${FUNCTIONS}/echo`)).body).toMatchObject({ Tags: all });
    expect((await call(`DELETE ${TAGS}?tagKeys=a&tagKeys=c&tagKeys=z`)).status).toBe(204);
    expect((await call(`GET ${TAGS}`)).body).toEqual({ Tags: { b: "3" } });
    await call(`DELETE ${TAGS}?tagKeys=b`);
    expect((await call(`GET ${FUNCTIONS}/echo`)).body).not.toHaveProperty("Tags");
  });

  test("are at most fifty", async () => {
    const { call } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, ""]));
    expect((await call(`POST ${TAGS}`, { Tags: many(51) })).body["message"]).toBe(
      "Number of tags exceeds resource tag limit.",
    );
    expect((await call(`POST ${TAGS}`, { Tags: many(50) })).status).toBe(204);
    expect((await call(`POST ${TAGS}`, { Tags: { more: "" } })).status).toBe(400);
    expect((await call(`POST ${TAGS}`, { Tags: { "key-0": "again" } })).status).toBe(204);
  });

  test.each([
    ["POST", `${ARN}absent`, { Tags: { a: "1" } }, 404],
    ["POST", `${ARN}echo`, { Tags: {} }, 400],
    ["POST", `${ARN}echo:1`, { Tags: { a: "1" } }, 400],
    ["POST", `${ARN}echo`, { Tags: { a: 1 } }, 400],
    ["POST", `${ARN}echo`, { Tags: { ["a".repeat(129)]: "1" } }, 400],
    ["GET", "echo", undefined, 400],
    ["DELETE", `${ARN}echo`, undefined, 400],
  ] as const)("%s %s with %j is refused", async (...[method, arn, body, status]) => {
    const { call } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    expect((await call(`${method} ${tagsOf(arn)}`, body)).status).toBe(status);
  });
});
