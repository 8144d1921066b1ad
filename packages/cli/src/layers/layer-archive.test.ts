import { execFile } from "node:child_process";
import { access, lstat, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import fc from "fast-check";
import { strFromU8, strToU8, unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ARCHIVE_FORMAT, layerArchive, type LayerFile } from "./layer-archive.ts";

const UNZIP = "/usr/bin/unzip";
const hasUnzip = await access(UNZIP).then(
  () => true,
  () => false,
);

/** Without digits at the start: an object, as which fflate gives files, puts numbers first. */
const name = fc.stringMatching(/^[a-zä_-][a-z0-9ä_-]{0,8}(\.[a-z]{1,3})?$/);
const file: fc.Arbitrary<LayerFile> = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
  bytes: fc.uint8Array({ maxLength: 500 }),
  isExecutable: fc.boolean(),
});
const files = fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 10 });

const SAMPLE: readonly LayerFile[] = [
  { path: "nodejs/node_modules/a/index.js", bytes: strToU8("exports.a = 1;\n".repeat(40)) },
  { path: "bin/wrapper", bytes: strToU8('#!/bin/sh\nexec "$@"\n'), isExecutable: true },
  { path: "empty", bytes: new Uint8Array(0) },
];

/** Text with many near and far repetitions, so that any other choice among them shows; the same in every run. */
function words(length: number): Uint8Array {
  let state = 9;
  return Uint8Array.from({ length }, (_, index) => {
    // Numerical Recipes, section 7.1; letters of an alphabet that changes slowly.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 97 + ((state >>> 28) % (2 + ((index >> 13) % 9)));
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight-archive-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("layerArchive", () => {
  test("for every set of files in every order, gives the same bytes, from which fflate reads them back", async () => {
    await fc.assert(
      fc.asyncProperty(
        files.chain((some) =>
          fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
        ),
        async ([some, shuffled]) => {
          const archive = await layerArchive(some);
          expect((await layerArchive(shuffled)).sha256).toBe(archive.sha256);
          const read = Object.entries(unzipSync(archive.bytes));
          const paths = some.map(({ path }) => path).toSorted();
          expect(read.map(([path]) => path)).toEqual(paths);
          for (const [path, bytes] of read) {
            const wanted = some.find((one) => one.path === path)?.bytes ?? [];
            expect(Buffer.from(bytes).equals(Buffer.from(wanted))).toBe(true);
          }
        },
      ),
    );
  });

  test("gives the bytes that its format number stands for", async () => {
    // Other bytes here mean that kept archives are stale: raise ARCHIVE_FORMAT and write the new digest down.
    const { sha256 } = await layerArchive([...SAMPLE, { path: "words", bytes: words(200_000) }]);
    expect([ARCHIVE_FORMAT, sha256]).toMatchInlineSnapshot(`
      [
        1,
        "d2bdc7c4bf52d4b5e218ab48855f6554f0988c43cc12907dd052a5302b0a57dc",
      ]
    `);
  });

  test("says how large it is, packed and unpacked", async () => {
    const { bytes, zippedBytes, unzippedBytes } = await layerArchive(SAMPLE);
    expect(zippedBytes).toBe(bytes.length);
    // 40 lines of 15 bytes, and 10 + 10 bytes of the wrapper.
    expect(unzippedBytes).toBe(620);
  });

  test("has no entries for folders and no time but the first of 1980", async () => {
    const { bytes } = await layerArchive(SAMPLE);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Local headers: signature, then at offset 10 time and date; 0x0021 is the first of January 1980.
    expect(view.getUint32(0, true)).toBe(0x0403_4b50);
    expect([view.getUint16(10, true), view.getUint16(12, true)]).toEqual([0, 0x0021]);
    expect(Object.keys(unzipSync(bytes)).filter((path) => path.endsWith("/"))).toEqual([]);
    expect(strFromU8(unzipSync(bytes)["bin/wrapper"] ?? new Uint8Array(0))).toContain("exec");
  });

  test.each(["/etc/passwd", "../up", "a/../b", "a//b", "", "a\\b"])(
    "refuses the path %j",
    async (path) => {
      const odd = [{ path, bytes: new Uint8Array(0) }];
      await expect(layerArchive(odd)).rejects.toThrow("relative and plain");
    },
  );

  test("refuses a path that stands twice", async () => {
    const one = { path: "a", bytes: new Uint8Array(0) };
    await expect(layerArchive([one, one])).rejects.toThrow("twice");
  });
});

describe.skipIf(!hasUnzip)("unzip", () => {
  test("lays the files out with the rights of programs and of other files", async () => {
    const zip = join(folder, "sample.zip");
    const target = join(folder, "sample");
    await writeFile(zip, (await layerArchive(SAMPLE)).bytes);
    await promisify(execFile)(UNZIP, ["-q", zip, "-d", target]);
    const entries = await readdir(target, { recursive: true, withFileTypes: true });
    const rights = entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name: own }) => {
        const { mode } = await lstat(join(parentPath, own));
        return `${own} ${(mode & 0o777).toString(8)}`;
      });
    expect((await Promise.all(rights)).toSorted()).toEqual([
      "empty 644",
      "index.js 644",
      "wrapper 755",
    ]);
  });
});
