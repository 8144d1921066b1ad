import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { PACKAGES } from "../scripts/architecture.ts";
import { exportedNames, parseSource } from "./architecture/source.ts";

const FOLDER = resolve(import.meta.dirname, "../packages");

interface EntryPoint {
  /** As an importer writes it: `@pilotlight/core/testing`. */
  readonly specifier: string;
  readonly file: string;
}

function entryPointsOf(folder: string): EntryPoint[] {
  const manifest: unknown = JSON.parse(readFileSync(join(FOLDER, folder, "package.json"), "utf8"));
  const { name, exports } = manifest as { name: string; exports: Record<string, string> };
  return Object.entries(exports).map(([subpath, file]) => {
    return { specifier: join(name, subpath), file: join(FOLDER, folder, file) };
  });
}

describe("the public names of the packages", () => {
  const folders = readdirSync(FOLDER).toSorted();
  const entryPoints = folders.flatMap((folder) => entryPointsOf(folder));

  test("are looked at in every package", () => {
    expect(folders.length).toBeGreaterThanOrEqual(7);
    expect(PACKAGES).toEqual(expect.arrayContaining(folders));
    expect(entryPoints.length).toBeGreaterThan(folders.length);
  });

  test.each(entryPoints)("stay what they are: $specifier", ({ specifier, file }) => {
    const source = parseSource({ path: specifier, text: readFileSync(file, "utf8") });
    expect(exportedNames(source)).toMatchSnapshot();
  });
});

describe("exportedNames", () => {
  test("gives values by name and types as types, from lists and from declarations", () => {
    const text = `
      export { a, b as c } from "./a.ts";
      export type { D } from "./d.ts";
      export { type E } from "./e.ts";
      export const f = 1, g = 2;
      export function h() {}
      export class I {}
      export interface J {}
      export type K = 1;
      export default f;
      const hidden = 1;
    `;
    expect(exportedNames(parseSource({ path: "a.ts", text }))).toEqual([
      "I",
      "a",
      "c",
      "default",
      "f",
      "g",
      "h",
      "type D",
      "type E",
      "type J",
      "type K",
    ]);
  });
});
