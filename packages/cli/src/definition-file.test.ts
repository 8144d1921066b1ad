import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { loadDefinition } from "./definition-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight-definition-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function load(source: string) {
  const path = join(folder, "inference.config.ts");
  await writeFile(path, source);
  return await loadDefinition(path, folder);
}

const IMPORT = `import { defineInference } from "@pilotlight/core";`;

describe("loadDefinition", () => {
  test("reads a definition from any folder, with the packages of this checkout", async () => {
    const loaded = await load(
      `${IMPORT}\nexport default defineInference({ models: { a: { artifact: "./a.onnx" } } });`,
    );
    expect(loaded.definition.models["a"]?.latencyBudgetMs).toBe(1000);
    expect(loaded.directory).toBe(folder);
    expect(loaded.inputs).toContain(join(folder, "inference.config.ts"));
  });

  test("reads defineInference from its own entry point too", async () => {
    const source = `import { defineInference } from "@pilotlight/core/definition";\nexport default defineInference({ models: { a: { artifact: "x" } } });`;
    expect(Object.keys((await load(source)).definition.models)).toEqual(["a"]);
  });

  test("checks a plain object as well", async () => {
    const source = `export default { models: { a: { artifact: 5 } } };`;
    await expect(load(source)).rejects.toMatchObject({ code: "ERR_DEFINITION_INVALID" });
  });

  test("follows imports and lists them, so that their change is seen", async () => {
    await writeFile(join(folder, "names.ts"), `export const artifact: string = "./a.onnx";`);
    const loaded = await load(
      `import { artifact } from "./names.ts";\nexport default { models: { a: { artifact } } };`,
    );
    expect(loaded.inputs).toContain(join(folder, "names.ts"));
  });

  test("reads a changed file anew", async () => {
    await load(`export default { name: "one", models: { a: { artifact: "x" } } };`);
    const again = await load(`export default { name: "two", models: { a: { artifact: "x" } } };`);
    expect(again.definition.name).toBe("two");
  });

  test.each([
    [`export const a = 1;`, "ERR_DEFINITION_UNREADABLE", "no default export"],
    [`throw new Error("boom");`, "ERR_DEFINITION_UNREADABLE", "it throws: boom"],
    [`export default {`, "ERR_BUNDLE_FAILED", "inference.config.ts:1:"],
    [`import "./missing.ts"; export default {};`, "ERR_BUNDLE_FAILED", "missing.ts"],
    [
      `${IMPORT} export default defineInference({ models: {} });`,
      "ERR_DEFINITION_INVALID",
      "models: got {}",
    ],
  ])("refuses %j", async (source, code, text) => {
    await expect(load(source)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
  });

  test("says plainly that a file is missing and how to name another", async () => {
    const missing = join(folder, "nowhere.ts");
    await expect(loadDefinition(missing, folder)).rejects.toThrow(
      /nowhere.ts.*no such file.*PILOTLIGHT_DEFINITION/s,
    );
    await expect(loadDefinition(folder, folder)).rejects.toThrow("it is not a file");
  });
});
