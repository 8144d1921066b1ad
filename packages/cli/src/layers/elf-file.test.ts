import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { compareVersions, highestVersion, readElf } from "./elf-file.ts";
import { elfBytes, MACHINE_ARM64, MACHINE_X64 } from "./testing/elf-bytes.ts";

const name = fc.stringMatching(/^[a-zA-Z0-9$_./+-]{1,20}$/);
const names = fc.uniqueArray(name, { maxLength: 5 });
const parts = fc.record({
  machine: fc.constantFrom(MACHINE_X64, MACHINE_ARM64, 8),
  needed: names,
  runpath: fc.option(name, { nil: undefined }),
  versions: fc.dictionary(name, fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), {
    maxKeys: 4,
  }),
});

describe("readElf", () => {
  test("for every library, reads what it needs, where it looks and which versions it uses", () => {
    fc.assert(
      fc.property(parts, (library) => {
        expect(readElf(elfBytes(library))).toEqual({
          machine: { 62: "x64", 183: "arm64", 8: "other" }[library.machine],
          needed: library.needed,
          runpath: library.runpath,
          versions: [...new Set(Object.values(library.versions).flat())],
        });
      }),
    );
  });

  test("for every damaged library, answers and does not throw", () => {
    const damage = fc.array(fc.tuple(fc.nat(1000), fc.nat(255)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(parts, damage, fc.nat(1000), (library, changes, kept) => {
        const whole = elfBytes(library);
        const bytes = whole.slice(0, Math.max(64, whole.length - (kept % 2) * kept));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const read = readElf(bytes);
        expect(read === undefined || Array.isArray(read.needed)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("for every beginning of a library, answers and does not throw", () => {
    const whole = elfBytes({ needed: ["libc.so.6"], versions: { "libc.so.6": ["GLIBC_2.17"] } });
    for (let length = 0; length < whole.length; length++) {
      expect(readElf(whole.slice(0, length))).toBeUndefined();
    }
    expect(readElf(whole)?.needed).toEqual(["libc.so.6"]);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["a text", Buffer.from("version https://git-lfs.github.com/spec/v1\n".repeat(3))],
    ["a 32-bit library", elfBytes({}).fill(1, 4, 5)],
    ["a big-endian library", elfBytes({}).fill(2, 5, 6)],
  ])("takes %s for no library", (_, bytes) => {
    expect(readElf(bytes)).toBeUndefined();
  });
});

describe("highestVersion", () => {
  test("compares by number and within one library", () => {
    const versions = ["GLIBC_2.4", "GLIBC_2.28", "GLIBC_2.17", "GLIBCXX_3.4.22", "GLIBC_PRIVATE"];
    expect(highestVersion(versions, "GLIBC")).toBe("2.28");
    expect(highestVersion(versions, "GLIBCXX")).toBe("3.4.22");
    expect(highestVersion(versions, "CXXABI")).toBeUndefined();
  });
});

describe("compareVersions", () => {
  const version = fc
    .array(fc.nat(40), { minLength: 1, maxLength: 3 })
    .map((numbers) => numbers.join("."));

  test("for every three versions, is an order", () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const sign = (one: string, other: string) => Math.sign(compareVersions(one, other));
        expect(sign(a, b) + sign(b, a)).toBe(0);
        expect(sign(a, b) === 0).toBe(a === b);
        const sorted = [a, b, c].toSorted(compareVersions);
        expect(sign(sorted[0] ?? "", sorted[2] ?? "")).toBeLessThanOrEqual(0);
      }),
    );
  });

  test("puts a shorter version before its continuation", () => {
    expect(compareVersions("2.2", "2.2.5")).toBeLessThan(0);
    expect(compareVersions("2.2.5", "2.3")).toBeLessThan(0);
  });
});
