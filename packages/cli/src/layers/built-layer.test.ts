import { readdir, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { strToU8 } from "fflate";
import { afterEach, describe, expect, test } from "vitest";

import { buildLayer } from "./built-layer.ts";
import { removeScratchFolders, scratchFolder } from "./testing/scratch-folder.ts";

afterEach(removeScratchFolders);

const FILES = [
  { path: "a", bytes: strToU8("alpha") },
  { path: "b", bytes: strToU8("beta") },
];

describe("buildLayer", () => {
  test("builds once what stays the same, whatever its order", async () => {
    const cacheDirectory = join(scratchFolder(), "cache");
    const first = await buildLayer({ label: "letters", files: FILES, cacheDirectory });
    const again = { label: "letters", files: FILES.toReversed(), cacheDirectory };
    expect(first.isCached).toBe(false);
    expect(await buildLayer(again)).toEqual({ ...first, isCached: true });
    expect((await readFile(first.zipPath)).length).toBe(first.zippedBytes);
    expect(first.unzippedBytes).toBe("alphabeta".length);
  });

  test("has another name for other bytes, another path or other rights", async () => {
    const cacheDirectory = scratchFolder();
    const [alpha, beta] = FILES;
    const variants = [
      FILES,
      [alpha, { path: "b", bytes: strToU8("BETA") }],
      [alpha, { path: "c", bytes: strToU8("beta") }],
      [alpha, { path: "b", bytes: strToU8("beta"), isExecutable: true }],
      [beta],
    ].map((files) => files.filter((file) => file !== undefined));
    const names = [];
    for (const files of variants) {
      const layer = await buildLayer({ label: "letters", files, cacheDirectory });
      names.push(layer.name);
      expect(layer.isCached).toBe(false);
    }
    expect(new Set(names).size).toBe(variants.length);
  });

  test("builds anew an archive that was damaged", async () => {
    const cacheDirectory = scratchFolder();
    const recipe = { label: "letters", files: FILES, cacheDirectory };
    const first = await buildLayer(recipe);
    const whole = await readFile(first.zipPath);
    await truncate(first.zipPath, first.zippedBytes - 1);
    expect(await buildLayer(recipe)).toEqual(first);
    expect((await readFile(first.zipPath)).equals(whole)).toBe(true);
  });

  test("keeps the four newest archives of a label, and those of others", async () => {
    const cacheDirectory = scratchFolder();
    await writeFile(join(cacheDirectory, "letters-two.1.2.zip"), "");
    for (let round = 0; round < 6; round++) {
      const files = [{ path: "a", bytes: Uint8Array.of(round) }];
      const { zipPath } = await buildLayer({ label: "letters", files, cacheDirectory });
      await utimes(zipPath, round, round);
    }
    const names = await readdir(cacheDirectory);
    expect(names.filter((name) => name.startsWith("letters."))).toHaveLength(4);
    expect(names).toContain("letters-two.1.2.zip");
    const newest = [{ path: "a", bytes: Uint8Array.of(5) }];
    expect(await buildLayer({ label: "letters", files: newest, cacheDirectory })).toMatchObject({
      isCached: true,
    });
  });

  test("leaves one whole archive when two builds do the same at once", async () => {
    const recipe = { label: "letters", files: FILES, cacheDirectory: scratchFolder() };
    const layers = await Promise.all([buildLayer(recipe), buildLayer(recipe), buildLayer(recipe)]);
    expect(new Set(layers.map(({ zipPath }) => zipPath)).size).toBe(1);
    expect(await readdir(recipe.cacheDirectory)).toHaveLength(1);
  });
});
