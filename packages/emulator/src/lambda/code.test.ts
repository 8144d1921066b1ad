import { createHash } from "node:crypto";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { strToU8, zipSync } from "fflate";
import { afterAll, describe, expect, test } from "vitest";

import { codeInPlace, isInside, removeCode, unpackCode } from "./code.ts";

const root = mkdtempSync(join(tmpdir(), "pilotlight-code-"));

/** Changes what the directory of a ZIP file with one entry says of the entry's size. */
function withUnzippedSize(zip: Uint8Array, bytes: number): Uint8Array {
  const changed = Buffer.from(zip);
  const entry = changed.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
  changed.writeUInt32LE(bytes, entry + 24);
  return changed;
}

const EMPTY = new Uint8Array();

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("unpackCode", () => {
  test("unpacks files and folders and gives digest and size of the package", async () => {
    const zip = zipSync({ "index.mjs": strToU8("export {};"), lib: { "a.json": strToU8("[1]") } });
    const code = await unpackCode(zip, join(root, "unpacked"));
    expect(readFileSync(join(code.directory, "lib/a.json"), "utf8")).toBe("[1]");
    expect(code.sha256).toBe(createHash("sha256").update(zip).digest("base64"));
    expect(code.sizeBytes).toBe(zip.byteLength);
    await removeCode(code);
    expect(existsSync(code.directory)).toBe(false);
  });

  test("gives every package a folder of its own", async () => {
    const zip = zipSync({ "index.mjs": strToU8("") });
    const [one, two] = await Promise.all([
      unpackCode(zip, join(root, "twice")),
      unpackCode(zip, join(root, "twice")),
    ]);
    expect(one.directory).not.toBe(two.directory);
  });

  test.each(["../evil.mjs", "a/../../evil.mjs", "/evil.mjs", "C:/evil.mjs", "a\\..\\evil.mjs"])(
    "refuses the path %s and leaves nothing behind",
    async (path) => {
      const zip = zipSync({ "index.mjs": strToU8(""), [path]: strToU8("") });
      const directory = join(root, "slip");
      await expect(unpackCode(zip, directory)).rejects.toMatchObject({
        type: "InvalidParameterValueException",
      });
      expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([]);
    },
  );

  test("refuses what is no ZIP file, in AWS's words", async () => {
    await expect(unpackCode(strToU8("no zip"), root)).rejects.toThrow(
      "Could not unzip uploaded file. Please check your file, then try to upload again.",
    );
  });

  test.each([
    ["a file that is a folder too", ["a", "a/b"]],
    ["a file that is a folder of folders", ["a", "a/b/c"]],
    ["a file that is an empty folder too", ["a", "a/"]],
    ["a folder that is a file too", ["a/b", "a"]],
    ["a name of 300 characters", ["x".repeat(300)]],
    ["a path of 5000 characters", ["x/".repeat(2_500)]],
  ])("refuses %s in the same words and leaves nothing behind", async (_what, paths) => {
    const zip = zipSync(Object.fromEntries(paths.map((path) => [path, strToU8("")])));
    const directory = join(root, "impossible");
    await expect(unpackCode(zip, directory)).rejects.toMatchObject({
      type: "InvalidParameterValueException",
      message: "Could not unzip uploaded file. Please check your file, then try to upload again.",
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test("counts files: 50,000 are accepted, one more is refused before any is written", async () => {
    const files = (count: number) => Array.from({ length: count }, (_file, at) => [at, EMPTY]);
    const directory = join(root, "many");
    // Where the count is accepted, the last entry is refused for its path: nothing has to be unpacked.
    for (const [count, reason] of [
      [50_000, 'has the entry "../evil.mjs"'],
      [50_001, "has more than 50000 files"],
    ] as const) {
      const entries = Object.fromEntries([...files(count - 1), ["../evil.mjs", EMPTY]]);
      await expect(unpackCode(zipSync(entries, { level: 0 }), directory)).rejects.toThrow(reason);
    }
    expect(existsSync(directory)).toBe(false);
  });

  test("refuses a package that says it unpacks to more than 250 MB", async () => {
    const zip = withUnzippedSize(zipSync({ a: strToU8("x") }), 262_144_001);
    await expect(unpackCode(zip, root)).rejects.toThrow(
      "Unzipped size must be smaller than 262144000 bytes",
    );
  });

  test("writes no more than a package says it has", async () => {
    const zip = withUnzippedSize(zipSync({ a: new Uint8Array(100_000) }), 10);
    const { directory } = await unpackCode(zip, join(root, "liar")).catch(() => ({
      directory: "",
    }));
    expect(directory === "" ? 0 : statSync(join(directory, "a")).size).toBeLessThanOrEqual(10);
  });

  test("for every path, what is called inside does not lead out of the folder", () => {
    const segment = fc.constantFrom("..", ".", "a", "b.mjs", "", "...", "C:", "\\", "\0");
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        const path = segments.join("/");
        return !isInside(path) || join("/root/code", path).startsWith("/root/code");
      }),
    );
  });
});

describe("codeInPlace", () => {
  test("uses the folder itself and notices a changed file", async () => {
    const directory = mkdtempSync(join(root, "place-"));
    writeFileSync(join(directory, "index.mjs"), "export {};");
    const before = await codeInPlace(directory);
    writeFileSync(join(directory, "index.mjs"), "export { };");
    const after = await codeInPlace(directory);
    expect(before).toMatchObject({ directory, sizeBytes: 10, isOwned: false });
    expect(after.sha256).not.toBe(before.sha256);
    await removeCode(after);
    expect(existsSync(directory)).toBe(true);
  });
});
