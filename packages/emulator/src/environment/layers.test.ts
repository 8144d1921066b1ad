import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { mergeLayers } from "./layer-merge.ts";
import { isWithin } from "./mount-namespace.ts";
import { endFunctions, start } from "./testing/started-functions.ts";

// Each test starts processes, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } });

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "pilotlight-layers-"));
});

afterEach(async () => {
  await endFunctions();
  rmSync(root, { recursive: true });
});

let layerCount = 0;

async function layer(files: Readonly<Record<string, string>>): Promise<string> {
  layerCount += 1;
  const folder = path.join(root, `layer-${layerCount}`);
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content, { mode: 0o755 });
  }
  return folder;
}

describe("mergeLayers", () => {
  test("lets a later layer take the place of an earlier one, file by file", async () => {
    const first = await layer({ "bin/a": "1a", "lib/b": "1b", c: "1c", "d/e": "1e" });
    const second = await layer({ "bin/a": "2a", "c/f": "2f", d: "2d" });
    await symlink("a", path.join(second, "bin/link"));
    const merged = await mergeLayers([first, second]);
    const read = (name: string) => readFileSync(path.join(merged.directory, name), "utf8");
    expect(["bin/a", "bin/link", "lib/b", "c/f", "d"].map(read)).toEqual([
      "2a",
      "2a",
      "1b",
      "2f",
      "2d",
    ]);
    expect(statSync(path.join(merged.directory, "bin/a")).mode & 0o777).toBe(0o755);
    await merged.release();
    expect([existsSync(merged.directory), existsSync(path.join(second, "bin/a"))]).toEqual([
      false,
      true,
    ]);
  });

  test("makes one folder for all who use the same layers, until the last one gives it up", async () => {
    const layers = [await layer({ a: "1" }), await layer({ b: "2" })];
    const [one, two] = await Promise.all([mergeLayers(layers), mergeLayers(layers)]);
    expect(one.directory).toBe(two.directory);
    await one.release();
    await one.release();
    expect(existsSync(two.directory)).toBe(true);
    await two.release();
    expect(existsSync(two.directory)).toBe(false);
  });

  test("uses a single layer where it lies", async () => {
    const only = await layer({ a: "1" });
    const merged = await mergeLayers([only]);
    await merged.release();
    expect([merged.directory, existsSync(only)]).toEqual([only, true]);
  });

  test("for every order of layers, each file is that of the last layer that has it", async () => {
    const names = fc.constantFrom("a", "b/c", "b/d", "e/f/g");
    const layers = fc.array(fc.uniqueArray(names), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(layers, async (sketches) => {
        const folders = await Promise.all(
          sketches.map((files, index) =>
            layer(Object.fromEntries(files.map((name) => [name, String(index)]))),
          ),
        );
        const merged = await mergeLayers(folders);
        for (const name of new Set(sketches.flat())) {
          const last = sketches.findLastIndex((files) => files.includes(name));
          expect(readFileSync(path.join(merged.directory, name), "utf8")).toBe(String(last));
        }
        await merged.release();
      }),
      { numRuns: 20 },
    );
  });
});

describe("isWithin", () => {
  test.each([
    ["/tmp", "/tmp/a", true],
    ["/tmp", "/tmp", true],
    ["/tmp", "/tmpfs/a", false],
    ["/opt", "/usr/opt", false],
  ])("tells of %s and %s", (folder, file, expected) => {
    expect(isWithin(folder, file)).toBe(expected);
  });
});

const LAYER = {
  "nodejs/node_modules/greeting/index.js": "module.exports = 'hello from the layer';",
  "bin/tool": "#!/bin/sh\necho from the tool\n",
  "data.txt": "data",
};
const USING = `
  import { execFileSync } from "node:child_process"; import fs from "node:fs";
  import { createRequire } from "node:module";
  export const handler = async () => {
    fs.writeFileSync("/tmp/pilotlight-probe", "x");
    const seen = fs.existsSync("/opt/data.txt");
    const own = fs.existsSync(process.env.TMPDIR + "/pilotlight-probe");
    if (!own) fs.rmSync("/tmp/pilotlight-probe");
    return { greeting: createRequire(import.meta.url)("greeting"), tool: execFileSync("tool", { encoding: "utf8" }),
      seen, own, libraries: process.env.LD_LIBRARY_PATH };
  };`;

describe("the layers of a function", () => {
  test("are on the search paths of modules, programs and libraries", async () => {
    const f = await start(USING, { layer: LAYER });
    const { value } = await f.invoke();
    expect(value).toMatchObject({ greeting: "hello from the layer", tool: "from the tool\n" });
    const { libraries } = value as { libraries: string };
    expect(libraries).toMatch(/\/layer\/lib$/);
  });

  test("are at /opt where the host allows mounts, and on the same search paths elsewhere", async () => {
    const f = await start(USING, { layer: LAYER, options: { isolation: "mounts" } });
    const { value } = await f.invoke();
    expect(value).toMatchObject({ greeting: "hello from the layer", tool: "from the tool\n" });
    const { seen, libraries } = value as { seen: boolean; libraries: string };
    expect(libraries.endsWith(seen ? ":/opt/lib" : "/layer/lib")).toBe(true);
    // The code of this test lies in /tmp, which therefore stays what it is; or nothing can be mounted.
    expect(f.lines.some((line) => /mounted/.test(line))).toBe(true);
  });
});
