import { strToU8, zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  newFunction,
  startScriptedEmulator,
  stopScriptedEmulators,
} from "../../testing/scripted-emulator.ts";

type Started = Awaited<ReturnType<typeof startScriptedEmulator>>;

const LAYERS = "/2018-10-31/layers";
const ARN = "arn:aws:lambda:us-east-1:000000000000:layer:";

let started: Started;

beforeEach(async () => {
  started = await startScriptedEmulator();
});

afterEach(stopScriptedEmulators);

function zip(files: Readonly<Record<string, string>>): string {
  const entries = Object.entries(files).map(([name, text]) => [name, strToU8(text)] as const);
  return Buffer.from(zipSync(Object.fromEntries(entries))).toString("base64");
}

function publish(name: string, more: Record<string, unknown> = {}) {
  return started.call(`POST ${LAYERS}/${name}/versions`, {
    Content: { ZipFile: zip({ [`${name}.txt`]: name }) },
    ...more,
  });
}

function create(name: string, layers: unknown) {
  return started.call("POST /2015-03-31/functions", newFunction(name, { Layers: layers }));
}

describe("the operations on layers", () => {
  test("publish, get, list and delete versions, whose numbers are never used again", async () => {
    const first = await publish("tools", {
      Description: "mine",
      CompatibleRuntimes: ["nodejs24.x"],
      LicenseInfo: "MIT",
    });
    expect([first.status, first.body]).toMatchObject([
      201,
      {
        LayerArn: `${ARN}tools`,
        LayerVersionArn: `${ARN}tools:1`,
        Version: 1,
        Description: "mine",
        LicenseInfo: "MIT",
        CompatibleRuntimes: ["nodejs24.x"],
        CreatedDate: expect.stringMatching(/\+0000$/),
        Content: { CodeSha256: expect.any(String), CodeSize: expect.any(Number) },
      },
    ]);
    expect((await publish("tools")).body).toMatchObject({ Version: 2, Description: "" });
    expect((await started.call(`GET ${LAYERS}/tools/versions/1`)).body).toEqual(first.body);
    const byArn = await started.call(`GET ${LAYERS}?find=LayerVersion&Arn=${ARN}tools:1`);
    expect(byArn.body).toEqual(first.body);
    const versions = await started.call(`GET ${LAYERS}/tools/versions`);
    expect(versions.body["LayerVersions"]).toMatchObject([{ Version: 2 }, { Version: 1 }]);
    await publish("other");
    expect((await started.call(`GET ${LAYERS}?MaxItems=1`)).body).toMatchObject({
      Layers: [{ LayerName: "other", LatestMatchingVersion: { Version: 1 } }],
      NextMarker: "tools",
    });
    const fitting = await started.call(`GET ${LAYERS}?CompatibleRuntime=nodejs24.x`);
    expect(fitting.body["Layers"]).toMatchObject([{ LatestMatchingVersion: { Version: 1 } }]);
    for (const version of [2, 2]) {
      expect((await started.call(`DELETE ${LAYERS}/tools/versions/${version}`)).status).toBe(204);
    }
    expect(await started.call(`GET ${LAYERS}/tools/versions/2`)).toMatchObject({
      status: 404,
      errorType: "ResourceNotFoundException",
      body: { Message: "The resource you requested does not exist." },
    });
    expect((await publish("tools")).body["Version"]).toBe(3);
  });

  test.each([
    ["GET", `${LAYERS}/tools/versions/0`, "Layer Version Cannot be less than 1."],
    ["GET", `${LAYERS}/a%20b/versions`, "regular expression pattern"],
    ["GET", `${LAYERS}?find=LayerVersion&Arn=nonsense`, "'nonsense' at 'arn' failed"],
    ["POST", `${LAYERS}/tools/versions`, "Value null at 'content' failed"],
  ])("%s %s is refused", async (method, path, message) => {
    const answer = await started.call(`${method} ${path}`, method === "POST" ? {} : undefined);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(message);
  });
});

describe("a function with layers", () => {
  test("names them, and its environments get their folders in this order", async () => {
    await publish("one");
    await publish("two");
    const layers = [`${ARN}two:1`, `${ARN}one:1`];
    const created = await create("f", layers);
    expect(created.body["Layers"]).toMatchObject(layers.map((Arn) => ({ Arn })));
    await started.call("POST /2015-03-31/functions/f/invocations", {});
    const directories = started.environments[0]?.version.layerDirectories ?? [];
    expect(directories).toHaveLength(2);
    const one = await started.call(`GET ${LAYERS}/one/versions/1`);
    expect(one.text).toContain(`file://${directories[1]}`);
    const kept = await started.call("PUT /2015-03-31/functions/f/configuration", { Timeout: 4 });
    expect(kept.body["Layers"]).toHaveLength(2);
  });

  test("cannot have one that does not exist, the same one twice, or more than five", async () => {
    await publish("a");
    await publish("a");
    expect((await create("f", [`${ARN}a:9`])).text).toContain(
      `Layer version ${ARN}a:9 does not exist.`,
    );
    expect((await create("f", [`${ARN}a:1`, `${ARN}a:2`])).text).toContain(
      `${ARN}a:1 and ${ARN}a:2 are versions of the same layer.`,
    );
    const six = ["a", "b", "c", "d", "e", "f"].map((name) => `${ARN}${name}:1`);
    expect((await create("f", six)).text).toContain("Cannot reference more than 5 layers.");
    expect(await create("f", ["a"])).toMatchObject({
      status: 400,
      errorType: "ValidationException",
    });
  });
});
