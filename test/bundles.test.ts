import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { bundle } from "@pilotlight/cli";

const ROOT = join(import.meta.dirname, "..");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight-bundles-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function contentsOf(name: string): Promise<readonly string[]> {
  const outfile = join(folder, `${name}.mjs`);
  const { contents } = await bundle({ entry: join(ROOT, "functions", `${name}.ts`), outfile });
  expect((await stat(outfile)).size).toBeGreaterThan(1000);
  return contents;
}

function packagesOf(contents: readonly string[]): readonly string[] {
  const names = contents.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

describe("the bundles of deployed functions", () => {
  test("infer holds no package of others, so that its init phase is the model's", async () => {
    const contents = await contentsOf("infer");
    expect(contents.some((path) => path.endsWith("packages/runtime/src/model.ts"))).toBe(true);
    expect(packagesOf(contents)).toEqual([]);
  });

  test("route holds the signer of its calls and nothing else of others", async () => {
    const contents = await contentsOf("route");
    expect(packagesOf(contents)).toEqual(["aws4"]);
    expect(contents.filter((path) => path.includes("onnx"))).toEqual([]);
  });

  test("neither of them checks definitions", async () => {
    const both = [...(await contentsOf("infer")), ...(await contentsOf("route"))];
    expect(both.filter((path) => path.includes("core/src/definition"))).toEqual([]);
  });
});
