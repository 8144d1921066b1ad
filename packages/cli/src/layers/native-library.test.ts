import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

import { NODE_MODULES } from "../checkout.ts";
import { highestVersion, readElf } from "./elf-file.ts";
import type { Architecture } from "./installed-package.ts";
import { librariesBeside } from "./native-library.ts";

const READELF = "/usr/bin/readelf";
const hasReadelf = await access(READELF).then(
  () => true,
  () => false,
);

const SYSTEM_LIBRARIES = [
  "ld-linux-aarch64.so.1",
  "ld-linux-x86-64.so.2",
  "libc.so.6",
  "libdl.so.2",
  "libgcc_s.so.1",
  "libm.so.6",
  "libpthread.so.0",
  "librt.so.1",
  "libstdc++.so.6",
];

const FILES = (["x64", "arm64"] as const).flatMap((architecture) =>
  ["onnxruntime_binding.node", "libonnxruntime.so.1"].map((name) => ({ architecture, name })),
);

function pathOf(architecture: Architecture, name: string): string {
  return join(NODE_MODULES, "onnxruntime-node/bin/napi-v6/linux", architecture, name);
}

describe.each(FILES)("$name of ONNX Runtime for $architecture", ({ architecture, name }) => {
  const path = pathOf(architecture, name);

  test("loads with the glibc of Amazon Linux 2023, and its neighbours from its own folder", async () => {
    const library = readElf(await readFile(path));
    expect(library?.machine).toBe(architecture);
    expect(library?.runpath).toMatch(/^\$ORIGIN\/?$/);
    const [major, minor] = highestVersion(library?.versions ?? [], "GLIBC")?.split(".") ?? [];
    expect([major, Number(minor) <= 28]).toEqual(["2", true]);
  });

  test.skipIf(!hasReadelf)("says to this reader what it says to readelf", async () => {
    const { stdout } = await promisify(execFile)(READELF, ["-dVW", path], { maxBuffer: 2 ** 24 });
    const library = readElf(await readFile(path));
    const needed = [...stdout.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, one]) => one);
    expect(library?.needed).toEqual(needed);
    expect(library?.runpath).toBe(/\(RUNPATH\).*\[(.+)\]/.exec(stdout)?.[1]);
    const versions = [...stdout.matchAll(/Name: (\S+) {2}Flags: .* Version: /g)].map(
      ([, one]) => one,
    );
    expect(new Set(library?.versions)).toEqual(new Set(versions));
  });
});

describe("librariesBeside", () => {
  test.each(["x64", "arm64"] as const)(
    "finds the one library of the binding for %s",
    async (architecture) => {
      const absolutePath = pathOf(architecture, "onnxruntime_binding.node");
      const binding = { path: "bin/onnxruntime_binding.node", absolutePath };
      const limits = { architecture, glibcMax: "2.28", systemLibraries: SYSTEM_LIBRARIES };
      expect(await librariesBeside(binding, limits)).toEqual([
        {
          path: "bin/libonnxruntime.so.1",
          absolutePath: pathOf(architecture, "libonnxruntime.so.1"),
        },
      ]);
      await expect(librariesBeside(binding, { ...limits, glibcMax: "2.27" })).rejects.toMatchObject(
        {
          code: "ERR_LAYER_UNBUILDABLE",
          message: expect.stringContaining("libonnxruntime.so.1 needs glibc 2.28"),
        },
      );
    },
  );
});
