import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { defineInference, resolveManifest } from "@pilotlight/core";
import type { ModelSpec } from "@pilotlight/core";

import { FunctionBuilder } from "./function-build.ts";
import type { BuiltFunction } from "./function-build.ts";

let checkout: string;
let work: string;

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), "pilotlight-checkout-"));
  work = await mkdtemp(join(tmpdir(), "pilotlight-build-"));
  await mkdir(join(checkout, "functions"));
  await writeShared("export const handler = () => 1;");
});

afterEach(async () => {
  await rm(checkout, { recursive: true, force: true });
  await rm(work, { recursive: true, force: true });
});

async function writeShared(source: string): Promise<void> {
  await writeFile(join(checkout, "functions/infer.ts"), source);
}

function modelOf(entry: { artifact: string; handler?: string }): ModelSpec {
  const definition = defineInference({ models: { a: entry } });
  const [model] = resolveManifest(definition, { stage: "local" }).models;
  return model as ModelSpec;
}

async function build(entry: { artifact: string; handler?: string }): Promise<BuiltFunction> {
  return await new FunctionBuilder(work, { checkout }).infer(modelOf(entry), checkout);
}

describe("FunctionBuilder", () => {
  test("gives the same function the same digest", async () => {
    const [one, two] = [await build({ artifact: "./a.onnx" }), await build({ artifact: "a.onnx" })];
    expect(one.digest).toBe(two.digest);
    expect(one.codeDirectory).not.toBe(two.codeDirectory);
  });

  test("gives another digest when the shared code changes", async () => {
    const before = await build({ artifact: "a.onnx" });
    await writeShared("export const handler = () => 2;");
    const after = await build({ artifact: "a.onnx" });
    expect(after.digest).not.toBe(before.digest);
    expect(await readFile(join(after.codeDirectory, "index.mjs"), "utf8")).toContain("=> 2");
  });

  test("gives another digest when the settings change", async () => {
    const digests = [await build({ artifact: "a.onnx" }), await build({ artifact: "b.onnx" })];
    expect(new Set(digests.map(({ digest }) => digest)).size).toBe(2);
  });

  test("gives another digest when the handler changes", async () => {
    const entry = { artifact: "a.onnx", handler: "handler.ts" };
    await writeFile(join(checkout, "handler.ts"), "export default 1;");
    const before = await build(entry);
    await writeFile(join(checkout, "handler.ts"), "export default 2;");
    expect((await build(entry)).digest).not.toBe(before.digest);
  });

  test("leaves nothing but the functions' folders in the work directory", async () => {
    const { codeDirectory } = await build({ artifact: "a.onnx" });
    expect((await readdir(work)).map((name) => join(work, name))).toEqual([codeDirectory]);
  });
});
