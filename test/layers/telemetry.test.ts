import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { bundle } from "@pilotlight/cli";
import { SETTINGS_FILE, type InferSettings } from "@pilotlight/runtime/settings";
import { eventually } from "../end-to-end/support/eventually.ts";
import { REPOSITORY } from "../end-to-end/support/repository.ts";
import { type Traces, WatchedProcess } from "./support/watched-process.ts";

const MODEL = join(REPOSITORY, "models/biopsy/model.onnx");
const NODE_PATH = join(REPOSITORY, "node_modules");

/** Where telemetry was seen; the library for arm64 has the same texts in it, but no such machine has run this. */
const hasTelemetry = process.platform === "linux" && process.arch === "x64";

/** After the process with telemetry has called, which it does some nine seconds after its start. */
const GRACE_MS = 1500;

/** Opens a session as an npm user would. */
const PLAIN = `await require("onnxruntime-node").InferenceSession.create(${JSON.stringify(MODEL)});`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight-telemetry-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The code folder of the infer function for a model, as it is deployed. */
async function inferFunction(): Promise<string> {
  const code = join(folder, "infer");
  await mkdir(code);
  await bundle({
    entry: join(REPOSITORY, "functions/infer.ts"),
    outfile: join(code, "index.mjs"),
  });
  const settings: InferSettings = {
    model: "biopsy",
    version: "1",
    artifact: MODEL,
    handler: null,
    session: { threads: 1, optimization: "all", warmUp: true },
  };
  await writeFile(join(code, SETTINGS_FILE), JSON.stringify(settings));
  return code;
}

describe.skipIf(!hasTelemetry)("the telemetry of ONNX Runtime", () => {
  test("leaves no file and calls nobody from the infer function, and does both where it is not turned off", async () => {
    const code = await inferFunction();
    const infer = await WatchedProcess.start({
      folder: join(folder, "ours"),
      code: `await import(${JSON.stringify(join(code, "index.mjs"))});`,
      variables: { NODE_PATH, LAMBDA_TASK_ROOT: code },
    });
    const plain = await WatchedProcess.start({
      folder: join(folder, "plain"),
      code: PLAIN,
      variables: { NODE_PATH },
    });
    try {
      await eventually("the infer function is loaded", () => infer.isLoaded());
      const seen: Traces[] = [];
      await eventually("a process with telemetry calls", async () => {
        seen.push(await infer.traces());
        return (await plain.traces()).requests.length > 0;
      });
      await delay(GRACE_MS);
      seen.push(await infer.traces());

      const { files, requests, sockets } = await plain.traces();
      expect(files).toEqual(expect.arrayContaining([expect.stringMatching(/onnxruntime\.db$/)]));
      expect(files.some((file) => file.startsWith("temporary/"))).toBe(true);
      expect(requests[0]).toContain("events.data.microsoft.com");
      expect(sockets.length).toBeGreaterThan(0);

      expect(infer.isRunning()).toBe(true);
      expect(seen.flatMap((traces) => Object.values(traces).flat())).toEqual([]);
      // At a look every 20 ms or more, over some nine seconds.
      expect(seen.length).toBeGreaterThan(20);
    } finally {
      await infer.stop();
      await plain.stop();
    }
  }, 60_000);
});
