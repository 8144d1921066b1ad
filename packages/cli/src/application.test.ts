import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { buildApplication } from "./application.ts";

let folder: string;
let work: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight-application-"));
  work = join(folder, "work");
  await mkdir(work);
  await write("a.onnx", "");
  await write("handler.ts", "export default {};");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

async function define(text: string): Promise<string> {
  return await write("inference.config.ts", `export default { models: ${text} };`);
}

const MODEL = `{ a: { artifact: "./a.onnx", handler: "./handler.ts" } }`;

/** What a build that fails has told of its files. */
async function inputsOfFailure(definition: string, code: string): Promise<readonly string[]> {
  const inputs: string[] = [];
  const onInputs = (paths: readonly string[]) => inputs.push(...paths);
  const application = buildApplication(definition, { workDirectory: work, onInputs });
  await expect(application).rejects.toMatchObject({ code });
  return inputs.map((path) => path.replace(`${folder}/`, ""));
}

describe("buildApplication", () => {
  test("gives every file that it was made of, models before route", async () => {
    const application = await buildApplication(await define(MODEL), { workDirectory: work });
    const names = ["inference.config.ts", "handler.ts", "a.onnx"].map((name) => join(folder, name));
    expect(application.inputs).toEqual(expect.arrayContaining(names));
    expect(application.functions.map(({ spec }) => spec.name)).toEqual([
      "pilotlight-local-a",
      "pilotlight-local-route",
    ]);
    const left = (await readdir(work)).map((name) => join(work, name));
    const built = application.functions.map((each) => each.built.codeDirectory);
    expect(left.toSorted()).toEqual(built.toSorted());
  });

  test("tells of a handler with a fault, of what it imports and of what is missing", async () => {
    await write("handler.ts", `import "./helper.ts"; import "./missing.ts"; export default {};`);
    await write("helper.ts", "export default {");
    const inputs = await inputsOfFailure(await define(MODEL), "ERR_BUNDLE_FAILED");
    expect(inputs).toEqual(
      expect.arrayContaining(["inference.config.ts", "a.onnx", "handler.ts", "helper.ts"]),
    );
    expect(inputs).toContain("missing.ts");
    expect(await readdir(work)).toEqual([]);
  });

  test("tells of files that the definition names and that are not there", async () => {
    const definition = await define(`{ a: { artifact: "./later.onnx", handler: "./later.ts" } }`);
    const inputs = await inputsOfFailure(definition, "ERR_DEFINITION_INVALID");
    expect(inputs).toEqual(expect.arrayContaining(["later.onnx", "later.ts"]));
  });

  test("tells of a definition that throws, and of what it imports", async () => {
    await write("names.ts", "export const names = undefined;");
    const definition = await write(
      "inference.config.ts",
      `import { names } from "./names.ts";\nexport default names.length;`,
    );
    const inputs = await inputsOfFailure(definition, "ERR_DEFINITION_UNREADABLE");
    expect(inputs).toEqual(expect.arrayContaining(["inference.config.ts", "names.ts"]));
    expect(await readdir(work)).toEqual([]);
  });

  test("tells of a definition that is not there", async () => {
    const missing = join(folder, "missing.config.ts");
    expect(await inputsOfFailure(missing, "ERR_DEFINITION_UNREADABLE")).toEqual([
      "missing.config.ts",
    ]);
  });

  test("builds no function after the signal, and leaves nothing", async () => {
    const signal = AbortSignal.abort(new Error("stopped"));
    const application = buildApplication(await define(MODEL), { workDirectory: work, signal });
    await expect(application).rejects.toThrow("stopped");
    expect(await readdir(work)).toEqual([]);
  });
});
