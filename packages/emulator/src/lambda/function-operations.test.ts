import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { newFunction, OTHER_ZIP, ZIP } from "../testing/scripted-emulator.ts";
import type { ObjectReader } from "../s3/contract.ts";
import type { Call } from "./api-request.ts";
import { createFunction, publishVersion, updateFunctionCode } from "./function-operations.ts";
import { FunctionStore } from "./function-store.ts";
import { LayerStore } from "./layers/layer-store.ts";

let codeDirectory: string;
/** What a deployment package in S3 is read with. */
const objects: ObjectReader = {
  read: ({ key }) =>
    Promise.resolve(
      key === "code.zip"
        ? { kind: "read", bytes: Buffer.from(ZIP, "base64") }
        : { kind: "refused", code: "NoSuchKey", message: "The specified key does not exist." },
    ),
};
let clock: VirtualClock;
let store: FunctionStore;
let layers: LayerStore;

beforeEach(() => {
  codeDirectory = mkdtempSync(join(tmpdir(), "pilotlight-operations-"));
  clock = new VirtualClock();
  store = new FunctionStore({ clock, onRetired: () => undefined });
  layers = new LayerStore({ clock });
});

afterEach(() => rmSync(codeDirectory, { recursive: true }));

function callOf(operation: string, body: unknown): Call {
  return {
    method: "POST",
    path: "",
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
    operation,
    parameters: ["echo"],
  };
}

async function created() {
  const call = callOf("CreateFunction", newFunction("echo"));
  await createFunction({ store, layers, codeDirectory, objects }, call);
  return store.get("echo");
}

const gone = { type: "ResourceNotFoundException", statusCode: 404 };

describe("createFunction", () => {
  test("takes its code from S3", async () => {
    const Code = { S3Bucket: "code", S3Key: "code.zip" };
    await createFunction(
      { store, layers, codeDirectory, objects },
      callOf("CreateFunction", newFunction("echo", { Code })),
    );
    const sizeBytes = Buffer.from(ZIP, "base64").byteLength;
    expect(store.get("echo").latest.code).toMatchObject({ isOwned: true, sizeBytes });
  });

  test.each([
    [
      { S3Bucket: "code", S3Key: "none.zip" },
      "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.",
    ],
    [
      { S3Bucket: "code", S3Key: "code.zip", S3ObjectVersion: "7" },
      "Error occurred while GetObjectVersion. S3 Error Code: NoSuchVersion. S3 Error Message: The specified version does not exist.",
    ],
    [{ S3Bucket: "code" }, "Please provide a source for function code."],
  ])("says in S3's words why there is no code in %j", async (Code, message) => {
    const call = callOf("CreateFunction", newFunction("echo", { Code }));
    await expect(
      createFunction({ store, layers, codeDirectory, objects }, call),
    ).rejects.toMatchObject({
      type: "InvalidParameterValueException",
      message,
    });
  });

  test("keeps the code under no name that a caller chooses", async () => {
    const { latest } = await created();
    expect(dirname(latest.code.directory)).toBe(codeDirectory);
    expect(readdirSync(codeDirectory)).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });
});

describe("updateFunctionCode", () => {
  test.each([{}, { DryRun: true }, { Publish: true }])(
    "answers 404 and keeps no code when the function is deleted meanwhile (%j)",
    async (more) => {
      const record = await created();
      const before = readdirSync(codeDirectory);
      const call = callOf("UpdateFunctionCode", { ZipFile: OTHER_ZIP, ...more });
      const updating = updateFunctionCode({ store, layers, codeDirectory, objects }, call);
      store.delete(record);
      await expect(updating).rejects.toMatchObject(gone);
      expect(readdirSync(codeDirectory)).toEqual(before);
    },
  );

  test("updates the function that has the name when the code is unpacked", async () => {
    const record = await created();
    const call = callOf("UpdateFunctionCode", { ZipFile: OTHER_ZIP });
    const updating = updateFunctionCode({ store, layers, codeDirectory, objects }, call);
    store.delete(record);
    const { settings, code } = record.latest;
    const again = store.create("echo", { settings: { ...settings, memoryMb: 512 }, code });
    store.finishCreation(again);
    await updating;
    expect(again.latest.settings.memoryMb).toBe(512);
    expect(again.latest.code.sha256).not.toBe(code.sha256);
  });
});

describe("publishVersion", () => {
  test("answers 404 when the function is deleted while it waits for an update", async () => {
    const record = await created();
    const update = callOf("UpdateFunctionCode", { ZipFile: ZIP });
    await updateFunctionCode({ store, layers, codeDirectory, objects }, update);
    const publishing = publishVersion(
      { store, layers, codeDirectory, objects },
      callOf("PublishVersion", {}),
    );
    store.delete(record);
    clock.advanceMs(1_000);
    await expect(publishing).rejects.toMatchObject(gone);
  });
});
