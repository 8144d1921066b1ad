import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { defineInference, resolveManifest } from "@pilotlight/core";
import type { LocalFunction } from "@pilotlight/emulator";

import type { BuiltApplication } from "./application.ts";
import { Deployment } from "./deployment.ts";

let work: string;
let calls: string[];
let folders: Map<string, string>;
let deployment: Deployment;

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "pilotlight-deployment-"));
  calls = [];
  folders = new Map();
  const put = (verb: string) => (spec: LocalFunction) => {
    calls.push(`${verb} ${spec.functionName}`);
    folders.set(spec.functionName, spec.codeDirectory);
    return Promise.resolve();
  };
  deployment = new Deployment({
    createFunction: put("create"),
    updateFunction: put("update"),
    deleteFunction: (name) => {
      calls.push(`delete ${name}`);
      folders.delete(name);
      return Promise.resolve();
    },
  });
});

afterEach(() => rm(work, { recursive: true, force: true }));

/** An application of models, each with the digest of its code. */
async function built(digests: Readonly<Record<string, string>>): Promise<BuiltApplication> {
  const entries = Object.keys(digests).map((name) => [name, { artifact: `/files/${name}.onnx` }]);
  const definition = defineInference({ models: Object.fromEntries(entries) as never });
  const manifest = resolveManifest(definition, { stage: "local" });
  const functions = [];
  for (const { name, function: spec } of manifest.models) {
    const codeDirectory = await mkdtemp(join(work, "infer-"));
    functions.push({ spec, built: { codeDirectory, digest: digests[name] ?? "", inputs: [] } });
  }
  const loaded = { definition, path: "/x.ts", directory: "/", inputs: [] };
  return { manifest, loaded, functions, inputs: [] };
}

describe("Deployment", () => {
  test("creates, updates and deletes what differs, and says what it replaced", async () => {
    await deployment.apply(await built({ a: "1", b: "1", c: "1" }));
    calls.length = 0;
    const replaced = await deployment.apply(await built({ a: "1", b: "2", d: "1" }));
    expect(replaced).toEqual(["pilotlight-local-b", "pilotlight-local-d"]);
    expect(calls).toEqual([
      "update pilotlight-local-b",
      "create pilotlight-local-d",
      "delete pilotlight-local-c",
    ]);
    expect([...deployment.modelNames]).toEqual(["a", "b", "d"]);
  });

  test("replaces a function whose artifact changed under the same code", async () => {
    await deployment.apply(await built({ a: "1", b: "1" }));
    const replaced = await deployment.apply(await built({ a: "1", b: "1" }), {
      changedPaths: ["/files/b.onnx"],
    });
    expect(replaced).toEqual(["pilotlight-local-b"]);
  });

  test("keeps two folders of a function however often it is replaced, its own and the last", async () => {
    let before = "";
    for (let count = 1; count <= 5; count += 1) {
      await deployment.apply(await built({ changing: String(count), staying: "1" }));
      const now = folders.get("pilotlight-local-changing") ?? "";
      const staying = folders.get("pilotlight-local-staying") ?? "";
      const wanted = before === "" ? [now, staying] : [now, before, staying];
      const left = (await readdir(work)).map((name) => join(work, name));
      expect(left.toSorted()).toEqual(wanted.toSorted());
      before = now;
    }
  });

  test("removes the folder of a deleted function at the call after its deletion", async () => {
    await deployment.apply(await built({ a: "1", b: "1" }));
    const folder = folders.get("pilotlight-local-b") ?? "";
    await deployment.apply(await built({ a: "1" }));
    expect(existsSync(folder)).toBe(true);
    await deployment.apply(await built({ a: "1" }));
    expect(await readdir(work)).toHaveLength(1);
  });

  test("stops between two functions when the signal aborts, and leaves no folder behind", async () => {
    const application = await built({ a: "1", b: "1" });
    const signal = AbortSignal.abort(new Error("stopped"));
    await expect(deployment.apply(application, { signal })).rejects.toThrow("stopped");
    expect(calls).toEqual([]);
    expect(await readdir(work)).toEqual([]);
  });
});
