import { readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { unzipSync } from "fflate";
import { afterEach, describe, expect, test } from "vitest";

import { onnxruntimeLayer } from "./onnxruntime-layer.ts";
import { elfBytes, MACHINE_ARM64 } from "./testing/elf-bytes.ts";
import { madeUpRuntime } from "./testing/made-up-runtime.ts";
import { removeScratchFolders, scratchFolder } from "./testing/scratch-folder.ts";

const X64 = "onnxruntime-node/bin/napi-v6/linux/x64";
const BINDING = `${X64}/onnxruntime_binding.node`;

afterEach(removeScratchFolders);

/** Builds from a made-up package; for a refusal, its code and message. */
async function build(...changes: Parameters<typeof madeUpRuntime>) {
  return await onnxruntimeLayer({ ...madeUpRuntime(...changes), architecture: "x64" });
}

async function refusal(...changes: Parameters<typeof madeUpRuntime>): Promise<string> {
  const error: unknown = await build(...changes).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof Error && "code" in error ? `${String(error.code)}: ${error.message}` : "";
}

describe("onnxruntimeLayer", () => {
  test("packs what require reads and the binding needs, with the licence, and nothing else", async () => {
    const layer = await build();
    const entries = unzipSync(await readFile(layer.zipPath));
    expect(Object.keys(entries).map((path) => path.replace("nodejs/node_modules/", ""))).toEqual([
      "onnxruntime-common/dist/cjs/index.js",
      "onnxruntime-common/dist/cjs/package.json",
      "onnxruntime-common/package.json",
      "onnxruntime-node/LICENSE",
      `${X64}/libonnxruntime.so.1`,
      BINDING,
      "onnxruntime-node/dist/binding.js",
      "onnxruntime-node/dist/index.js",
      "onnxruntime-node/package.json",
    ]);
    expect(layer.bindingPath).toBe(`nodejs/node_modules/${BINDING}`);
    expect(layer.name).toMatch(/^onnxruntime-x64-[0-9a-f]{16}$/);
  });

  test("is the same through a symbolic link to the package", async () => {
    const runtime = madeUpRuntime();
    const link = join(scratchFolder(), "linked");
    await symlink(runtime.from, link);
    const [one, other] = [
      await onnxruntimeLayer({ ...runtime, architecture: "x64" }),
      await onnxruntimeLayer({ ...runtime, from: link, architecture: "x64" }),
    ];
    expect(other).toEqual({ ...one, isCached: true });
  });

  test("refuses a package with files that the recipe does not name, and says which", async () => {
    const text = await refusal({
      "onnxruntime-node/dist/binding.js": 'require("./more");',
      "onnxruntime-node/dist/more.js": "",
      [`${X64}/libplugin.so`]: "",
    });
    expect(text).toMatch(/^ERR_LAYER_UNBUILDABLE: onnxruntime-node 1\.0\.0 for linux x64/);
    expect(text).toContain("new: onnxruntime-node/dist/more.js");
    expect(text).toContain(`gone: ${BINDING}`);
    expect(text).toContain("install onnxruntime-node@1.0.0");
  });

  test("refuses a library beside the binding that nothing names: the binding may open it by itself", async () => {
    expect(await refusal({ [`${X64}/libplugin.so`]: "" })).toContain(`new: ${X64}/libplugin.so`);
  });

  test("refuses another version with the same files", async () => {
    const description = { name: "onnxruntime-node", version: "1.0.1", main: "dist/index.js" };
    const text = await refusal({ "onnxruntime-node/package.json": JSON.stringify(description) });
    expect(text).toContain("onnxruntime-node 1.0.1 for linux x64 is not what");
  });

  test.each([
    ["of another architecture", { machine: MACHINE_ARM64 }, "is for arm64 and not for x64"],
    ["that needs a newer glibc", { versions: { "libc.so.6": ["GLIBC_2.38"] } }, "up to 2.28"],
    ["that looks elsewhere", { runpath: "/usr/local/lib" }, "accepted is the run path $ORIGIN"],
    ["without a run path", { runpath: undefined }, "no folder of its own"],
    ["that needs what is not there", { needed: ["libzlib.so.9"] }, "libzlib.so.9 is needed"],
  ])("refuses a binding %s", async (_, parts, words) => {
    const sound = { needed: ["libonnxruntime.so.1"], runpath: "$ORIGIN/" };
    const text = await refusal({ [BINDING]: elfBytes({ ...sound, ...parts }) });
    expect(text).toContain("ERR_LAYER_UNBUILDABLE");
    expect(text).toContain(words);
  });

  test("refuses a binding that is no library", async () => {
    expect(await refusal({ [BINDING]: "version https://git-lfs" })).toContain("is no whole 64-bit");
  });

  test("refuses what it cannot follow", async () => {
    const computed = await refusal({ "onnxruntime-node/dist/binding.js": "require(name + '.js')" });
    expect(computed).toContain("has require(name + '.js'), which cannot be followed");
    const template = await refusal({ "onnxruntime-node/dist/binding.js": "require(`./${x}.js`)" });
    expect(template).toContain("cannot be followed");
    const missing = await refusal({ "onnxruntime-node/dist/binding.js": 'require("adm-zip")' });
    expect(missing).toContain("requires adm-zip, which is not installed; run npm ci");
  });

  test("refuses a folder without a package", async () => {
    const runtime = { ...madeUpRuntime(), from: "/nowhere/onnxruntime-node" };
    await expect(onnxruntimeLayer({ ...runtime, architecture: "x64" })).rejects.toMatchObject({
      code: "ERR_LAYER_UNBUILDABLE",
      message: expect.stringContaining("/nowhere/onnxruntime-node is no installed package"),
    });
  });

  test("refuses notices that were changed", async () => {
    const runtime = madeUpRuntime();
    await writeFile(join(runtime.recipeDirectory, "LICENSE"), "Do as we like.\n");
    await expect(onnxruntimeLayer({ ...runtime, architecture: "x64" })).rejects.toMatchObject({
      code: "ERR_LAYER_UNBUILDABLE",
      message: expect.stringContaining("recipe.json says"),
    });
  });

  test("refuses a layer over its budget and names the overrun", async () => {
    const text = await refusal({}, { zippedBytesMax: 1000 });
    expect(text).toMatch(/^ERR_LAYER_TOO_LARGE: the layer onnxruntime-x64-\w+ is over its budget/);
    expect(text).toMatch(/zipped: \d+ bytes, \d+ more than the 1000 allowed/);
    expect(text).toContain("budget.json");
    expect(text).not.toContain("unzipped:");
  });

  test("builds anew what was removed from the cache, to the same bytes", async () => {
    const runtime = madeUpRuntime();
    const first = await onnxruntimeLayer({ ...runtime, architecture: "x64" });
    await rm(runtime.cacheDirectory, { recursive: true });
    expect(await onnxruntimeLayer({ ...runtime, architecture: "x64" })).toEqual(first);
  });
});
