import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { onnxruntimeLayer, type OnnxRuntimeLayer } from "@pilotlight/cli";
import { type Emulator, startEmulator } from "@pilotlight/emulator";
import { runBareSession } from "../end-to-end/support/bare-session.ts";
import { REPOSITORY } from "../end-to-end/support/repository.ts";
import { zipEntries } from "./support/zip-entries.ts";

const PACKAGE = join(REPOSITORY, "node_modules/onnxruntime-node");
const BIOPSY = join(REPOSITORY, "models/biopsy");

/** The layer's library runs here. */
const isLinuxX64 = process.platform === "linux" && process.arch === "x64";

type Architecture = "x64" | "arm64";
const ARCHITECTURES: readonly Architecture[] = ["x64", "arm64"];

/** Most that a layer may take, bytes: zipped, unzipped. */
const BUDGETS = { x64: [17_800_000, 46_700_000], arm64: [10_300_000, 26_000_000] } as const;

let folder: string;
let layers: Record<Architecture, OnnxRuntimeLayer>;

function build(architecture: Architecture, { from = PACKAGE, cache = "cache" } = {}) {
  return onnxruntimeLayer({ architecture, from, cacheDirectory: join(folder, cache) });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight-ort-layer-"));
  layers = { x64: await build("x64"), arm64: await build("arm64") };
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(ARCHITECTURES)("the layer of ONNX Runtime for %s", (architecture) => {
  test("stays within its budget", () => {
    const { zippedBytes, unzippedBytes } = layers[architecture];
    const [zippedMax, unzippedMax] = BUDGETS[architecture];
    expect(zippedBytes).toBeLessThanOrEqual(zippedMax);
    expect(unzippedBytes).toBeLessThanOrEqual(unzippedMax);
  });

  test("holds binding and library in one folder, licence and notices, and no other platform", async () => {
    const { zipPath, bindingPath, unzippedBytes } = layers[architecture];
    const entries = zipEntries(await readFile(zipPath));
    const paths = entries.map(({ path }) => path);
    const binaries = bindingPath.replace(/[^/]+$/, "");
    expect(paths.filter((path) => path.includes("/bin/"))).toEqual([
      `${binaries}libonnxruntime.so.1`,
      `${binaries}onnxruntime_binding.node`,
    ]);
    const modules = "nodejs/node_modules/onnxruntime-node";
    expect(paths).toEqual(
      expect.arrayContaining([`${modules}/LICENSE`, `${modules}/ThirdPartyNotices.txt`]),
    );
    expect(paths.filter((path) => /\.(ts|map|mjs)$|\/esm\/|\/script\/|cuda/.test(path))).toEqual(
      [],
    );
    expect(entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(unzippedBytes);
  });

  test("has regular files that all may read, and no links", async () => {
    const entries = zipEntries(await readFile(layers[architecture].zipPath));
    // 0o100000 is a regular file in stat's mode; a symbolic link would be 0o120000.
    expect(new Set(entries.map(({ mode }) => mode.toString(8)))).toEqual(new Set(["100644"]));
    expect(entries.length).toBeGreaterThan(20);
  });

  test("is there already when nothing has changed, in well under 2 s", async () => {
    const startMs = performance.now();
    expect(await build(architecture)).toEqual({ ...layers[architecture], isCached: true });
    expect(performance.now() - startMs).toBeLessThan(2000);
  });
});

test("the layer has the same bytes from another folder and without the cache", async () => {
  const modules = join(folder, "elsewhere/node_modules");
  for (const name of ["onnxruntime-node", "onnxruntime-common"]) {
    await cp(join(PACKAGE, "..", name), join(modules, name), {
      recursive: true,
      filter: (source) => !/\/(win32|darwin|x64)$/.test(source),
    });
  }
  const again = await build("arm64", { from: join(modules, "onnxruntime-node"), cache: "other" });
  expect(again).toMatchObject({ isCached: false, name: layers.arm64.name });
  const [one, other] = [await readFile(layers.arm64.zipPath), await readFile(again.zipPath)];
  expect(one.equals(other)).toBe(true);
}, 60_000);

describe.skipIf(!isLinuxX64)("a function with the layer", () => {
  let emulator: Emulator;
  let client: LambdaClient;
  let layerArn: string;

  beforeAll(async () => {
    emulator = await startEmulator({
      apiPort: 0,
      awsPort: 0,
      defaultFunction: "requires",
      stateDirectory: join(folder, "state"),
    });
    client = new LambdaClient({
      endpoint: emulator.awsUrl,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const published = await client.send(
      new PublishLayerVersionCommand({
        LayerName: layers.x64.name,
        Content: { ZipFile: await readFile(layers.x64.zipPath) },
        CompatibleArchitectures: ["x86_64"],
        LicenseInfo: "MIT",
      }),
    );
    layerArn = published.LayerVersionArn ?? "";
  }, 30_000);

  afterAll(async () => {
    client.destroy();
    await emulator.stop();
  });

  async function answerOf(name: string, features: readonly number[]): Promise<BiopsyAnswer> {
    const code = await readFile(join(import.meta.dirname, `functions/${name}.mjs`));
    const model = await readFile(join(BIOPSY, "model.onnx"));
    await client.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: "arn:aws:iam::000000000000:role/any",
        Code: { ZipFile: zipSync({ "index.mjs": code, "model.onnx": model }) },
        Layers: [layerArn],
        MemorySize: 512,
        Timeout: 30,
        Environment: { Variables: { BINDING_PATH: layers.x64.bindingPath } },
      }),
    );
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 10 }, { FunctionName: name });
    const Payload = JSON.stringify({ features });
    const { FunctionError, Payload: answer = new Uint8Array(0) } = await client.send(
      new InvokeCommand({ FunctionName: name, Payload }),
    );
    expect([FunctionError, Buffer.from(answer).toString()]).toMatchObject([undefined, /./]);
    return JSON.parse(Buffer.from(answer).toString()) as BiopsyAnswer;
  }

  test.each([
    ["requires", "by require", /\/nodejs\/node_modules\/onnxruntime-node\/dist\/index\.js$/],
    ["opens", "by process.dlopen", /\/linux\/x64\/onnxruntime_binding\.node$/],
  ])(
    "%s ONNX Runtime %s and answers what a session outside answers",
    async (name, _, place) => {
      const features = await sampleFeatures();
      const { label, probabilities, loadedFrom } = await answerOf(name, features);
      const outside = await runBareSession(join(BIOPSY, "model.onnx"), [
        { name: "features", datatype: "FP32", shape: [1, 30], data: Float32Array.from(features) },
      ]);
      const wanted = outside.find((output) => output.name === "probabilities");
      expect(probabilities).toEqual([...((wanted?.data ?? []) as Float32Array)]);
      expect(probabilities).toHaveLength(2);
      // models/biopsy/expected.json, which scikit-learn computed.
      expect(label).toBe(0);
      expect(loadedFrom).toMatch(place);
      expect(loadedFrom.startsWith(REPOSITORY)).toBe(false);
    },
    30_000,
  );
});

interface BiopsyAnswer {
  readonly label: number;
  readonly probabilities: readonly number[];
  readonly loadedFrom: string;
}

async function sampleFeatures(): Promise<readonly number[]> {
  const sample: unknown = JSON.parse(await readFile(join(BIOPSY, "sample.json"), "utf8"));
  const [input] = (sample as { inputs: { data: number[] }[] }).inputs;
  return input?.data ?? [];
}
