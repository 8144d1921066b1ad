import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import { isPilotlightError } from "@pilotlight/core";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Emulator, startEmulator } from "./emulator.ts";
import type { LogRecord } from "./emulator-options.ts";
import type { LocalFunction } from "./local-function.ts";

/** Real processes start here, on machines that may be busy. */
const PATIENCE_MS = 60_000;

const root = mkdtempSync(join(tmpdir(), "pilotlight-emulator-"));
const ROLE = "arn:aws:iam::000000000000:role/any";
const AWS_COMMAND = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "aws"))
  .find((path) => existsSync(path));

const HANDLER = `
export const handler = async (event, context) => {
  if (event.fail) throw new Error("as asked");
  if (event.requestContext) return { statusCode: 201, body: event.rawPath, cookies: ["a=1"] };
  if (event.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  console.log("seen", JSON.stringify(event));
  return { event, version: context.functionVersion, arn: context.invokedFunctionArn,
    endpoint: process.env.AWS_ENDPOINT_URL, code: "CODE" };
};`;

const zipOf = (code: string) =>
  zipSync({ "index.mjs": strToU8(HANDLER.replace('"CODE"', `"${code}"`)) });

function folderOf(code: string): string {
  const folder = mkdtempSync(join(root, "code-"));
  writeFileSync(join(folder, "index.mjs"), HANDLER.replace('"CODE"', `"${code}"`));
  return folder;
}

const localFunction = (functionName: string, codeDirectory: string): LocalFunction => ({
  functionName,
  handler: "index.handler",
  codeDirectory,
  memoryMb: 256,
  timeoutSec: 20,
  architecture: "arm64",
  variables: {},
  nodePath: [],
  alias: "live",
});

const options = (folder: string) => ({
  apiPort: 0,
  awsPort: 0,
  defaultFunction: "front:live",
  stateDirectory: join(root, folder),
});

let emulator: Emulator;
let client: LambdaClient;
const logs: LogRecord[] = [];

beforeAll(async () => {
  mkdirSync(join(root, "state"));
  emulator = await startEmulator({ ...options("state"), onLog: (record) => logs.push(record) });
  client = new LambdaClient({
    endpoint: emulator.awsUrl,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.destroy();
  await emulator.stop();
  rmSync(root, { recursive: true, force: true });
});

async function invoke(FunctionName: string, event: unknown, more: object = {}) {
  const answer = await client.send(
    new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)), ...more }),
  );
  return { ...answer, result: answer.Payload?.transformToString() ?? "" };
}

describe("startEmulator, with the AWS SDK and real environments", { timeout: PATIENCE_MS }, () => {
  test("creates a function from a ZIP file, invokes it, and shows its log", async () => {
    const created = await client.send(
      new CreateFunctionCommand({
        FunctionName: "zipped",
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: ROLE,
        Code: { ZipFile: zipOf("one") },
        Environment: { Variables: { COLOUR: "blue" } },
      }),
    );
    expect(created.State).toBe("Pending");
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 30 }, { FunctionName: "zipped" });
    const answer = await invoke("zipped", { a: 1 }, { LogType: "Tail" });
    expect([answer.StatusCode, answer.ExecutedVersion]).toEqual([200, "$LATEST"]);
    expect(JSON.parse(answer.result)).toEqual({
      event: { a: 1 },
      version: "$LATEST",
      arn: "arn:aws:lambda:us-east-1:000000000000:function:zipped",
      endpoint: emulator.awsUrl,
      code: "one",
    });
    const log = Buffer.from(answer.LogResult ?? "", "base64").toString();
    expect(log).toContain(`START RequestId: ${answer.$metadata.requestId} Version: $LATEST`);
    expect(log).toContain("seen {");
    expect(log).toContain("Init Duration");
  });

  test("runs each version on its own code and moves aliases between them", async () => {
    await client.send(new PublishVersionCommand({ FunctionName: "zipped" }));
    await client.send(
      new CreateAliasCommand({ FunctionName: "zipped", Name: "live", FunctionVersion: "1" }),
    );
    const updated = await client.send(
      new UpdateFunctionCodeCommand({
        FunctionName: "zipped",
        ZipFile: zipOf("two"),
        Publish: true,
      }),
    );
    expect(updated.Version).toBe("2");
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30 }, { FunctionName: "zipped" });
    const answers = await Promise.all(
      ["zipped", "zipped:live", "zipped:2"].map((name) => invoke(name, {})),
    );
    expect(answers.map(({ result }) => JSON.parse(result))).toMatchObject([
      { code: "two", version: "$LATEST" },
      { code: "one", version: "1" },
      { code: "two", version: "2" },
    ]);
  });

  test("gives errors that the SDK knows by name", async () => {
    await expect(
      client.send(new GetFunctionCommand({ FunctionName: "nope" })),
    ).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      $metadata: { httpStatusCode: 404 },
    });
    await expect(invoke("nope!", {})).rejects.toMatchObject({ name: "ValidationException" });
    const failed = await invoke("zipped", { fail: true });
    expect(failed.FunctionError).toBe("Unhandled");
    expect(JSON.parse(failed.result)).toMatchObject({
      errorType: "Error",
      errorMessage: "as asked",
    });
  });

  test("answers over HTTP through the function of the default route", async () => {
    await emulator.createFunction(localFunction("front", folderOf("front")));
    const response = await fetch(`${emulator.apiUrl}/any/path`, { method: "POST", body: "{}" });
    expect([response.status, await response.text()]).toEqual([201, "/any/path"]);
    expect(response.headers.getSetCookie()).toEqual(["a=1"]);
  });

  test("runs parallel requests in environments of their own, and reuses those", async () => {
    await emulator.createFunction(localFunction("parallel", folderOf("parallel")));
    const round = () => Promise.all([1, 2, 3].map(() => invoke("parallel:live", { sleepMs: 300 })));
    await round();
    await round();
    const used = () =>
      emulator
        .listEnvironments()
        .filter((one) => one.function === "parallel")
        .map(({ phase, invocations }) => [phase, invocations]);
    await expect.poll(used).toEqual([
      ["idle", 2],
      ["idle", 2],
      ["idle", 2],
    ]);
  });

  test("replaces a function while it runs, and keeps no old environment", async () => {
    await emulator.createFunction(localFunction("hot", folderOf("old")));
    const running = invoke("hot:live", { sleepMs: 500 });
    await expect
      .poll(() => emulator.listEnvironments().filter((one) => one.function === "hot").length)
      .toBe(1);
    await emulator.updateFunction(localFunction("hot", folderOf("new")));
    expect(JSON.parse((await invoke("hot:live", {})).result)).toMatchObject({ code: "new" });
    expect(JSON.parse((await running).result)).toMatchObject({ code: "old" });
    const live = () =>
      emulator
        .listEnvironments()
        .filter((one) => one.function === "hot" && one.endedCause === undefined);
    await expect.poll(() => live().length, { timeout: 10_000 }).toBe(1);
  });

  test("processes an event in the background", async () => {
    const { StatusCode, result } = await invoke(
      "zipped",
      { event: 1 },
      { InvocationType: "Event" },
    );
    expect([StatusCode, result]).toEqual([202, ""]);
    await expect
      .poll(() => logs.some(({ line }) => line.includes('seen {"event":1}')), { timeout: 20_000 })
      .toBe(true);
  });

  test("carries five megabytes in and out", async () => {
    const event = { test: "test123456".repeat(250_000) };
    const answer = await invoke("zipped", event);
    expect(answer.FunctionError).toBeUndefined();
    expect(JSON.parse(answer.result)).toMatchObject({ event });
  });

  test("removes the code of a function that is deleted", async () => {
    const folder = join(root, "state", "code");
    const before = readdirSync(folder);
    await client.send(
      new CreateFunctionCommand({
        FunctionName: "short-lived",
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: ROLE,
        Code: { ZipFile: zipOf("one") },
      }),
    );
    expect(readdirSync(folder)).toHaveLength(before.length + 1);
    await emulator.deleteFunction("short-lived");
    await expect.poll(() => readdirSync(folder)).toEqual(before);
  });
});

describe("startEmulator", { timeout: PATIENCE_MS }, () => {
  test("names the port that is in use and the variable that changes it", async () => {
    const apiPort = Number(new URL(emulator.apiUrl).port);
    const failure = await startEmulator({ ...options("second"), apiPort }).catch(
      (error: unknown) => error,
    );
    expect(isPilotlightError(failure) && failure.code).toBe("ERR_PORT_TAKEN");
    expect(String(failure)).toContain(`port ${apiPort} on 127.0.0.1`);
    expect(String(failure)).toContain("PILOTLIGHT_API_PORT");
  });

  test("answers 500 over HTTP while the default function does not exist", async () => {
    const other = await startEmulator(options("empty"));
    try {
      expect((await fetch(other.apiUrl)).status).toBe(500);
    } finally {
      await other.stop();
    }
  });

  /** Creates a function of many empty files over the AWS endpoint. */
  async function createLarge({ awsUrl }: Emulator): Promise<void> {
    const files = Array.from({ length: 3_000 }, (_file, at) => [`${at}.txt`, new Uint8Array()]);
    const response = await fetch(`${awsUrl}/2015-03-31/functions`, {
      method: "POST",
      body: JSON.stringify({
        FunctionName: "large",
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: ROLE,
        Code: { ZipFile: Buffer.from(zipSync(Object.fromEntries(files))).toString("base64") },
      }),
    });
    expect(response.status).toBe(201);
  }

  test("has removed the code of a deleted function when it has stopped", async () => {
    const other = await startEmulator(options("removed"));
    await createLarge(other);
    await other.deleteFunction("large");
    await other.stop();
    expect(readdirSync(join(root, "removed", "code"))).toEqual([]);
  });

  test("tells of code that it cannot remove, and stops all the same", async () => {
    const errors: unknown[] = [];
    const other = await startEmulator({
      ...options("stuck"),
      onError: (error) => errors.push(error),
    });
    await createLarge(other);
    // A file in the place of the folder: nothing in it can be removed.
    rmSync(join(root, "stuck", "code"), { recursive: true });
    writeFileSync(join(root, "stuck", "code"), "");
    await other.deleteFunction("large");
    await other.stop();
    expect(errors).toEqual([expect.objectContaining({ code: "ENOTDIR" })]);
  });

  test("stops in the middle of invocations, says what is kept, and leaves no process", async () => {
    const other = await startEmulator(options("stopped"));
    await other.createFunction(localFunction("front", folderOf("stopped")));
    const url = `${other.awsUrl}/2015-03-31/functions/front/invocations`;
    const body = JSON.stringify({ sleepMs: 15_000 });
    const pending = fetch(url, { method: "POST", body }).catch(() => undefined);
    await fetch(url, { method: "POST", body, headers: { "x-amz-invocation-type": "Event" } });
    await expect
      .poll(() => other.listEnvironments().map(({ phase }) => phase), { timeout: 20_000 })
      .toEqual(["invoking", "invoking"]);
    expect(await other.stop()).toEqual({ keptEvents: 1, lostDeliveries: 0 });
    expect(await other.stop()).toEqual({ keptEvents: 1, lostDeliveries: 0 });
    await pending;
    expect(other.listEnvironments().map(({ phase }) => phase)).toEqual(["stopped", "stopped"]);
    await expect(fetch(other.apiUrl)).rejects.toThrow("fetch failed");
  });
});

describe.skipIf(AWS_COMMAND === undefined)(
  "startEmulator (needs the aws command)",
  { timeout: PATIENCE_MS },
  () => {
    test("answers the aws command", async () => {
      await emulator.createFunction(localFunction("commanded", folderOf("commanded")));
      const [input, output] = [join(root, "input.json"), join(root, "output.json")];
      writeFileSync(input, '{"a":1}');
      const { stdout } = await promisify(execFile)(
        AWS_COMMAND ?? "aws",
        [
          "lambda invoke --function-name commanded --qualifier live --payload".split(" "),
          [`fileb://${input}`, output],
        ].flat(),
        {
          env: {
            ...process.env,
            // Whatever configuration the user has stays out of the test.
            HOME: root,
            AWS_CONFIG_FILE: join(root, "no-config"),
            AWS_ENDPOINT_URL: emulator.awsUrl,
            AWS_ACCESS_KEY_ID: "test",
            AWS_SECRET_ACCESS_KEY: "test",
            AWS_DEFAULT_REGION: "us-east-1",
          },
        },
      );
      expect(JSON.parse(stdout)).toMatchObject({ StatusCode: 200, ExecutedVersion: "1" });
      expect(JSON.parse(readFileSync(output, "utf8"))).toMatchObject({ event: { a: 1 } });
    });
  },
);
