import { existsSync, readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { PackageName, Part } from "../scripts/architecture.ts";
import {
  ALLOWED_IMPORTS,
  isTest,
  mustBePure,
  PACKAGES,
  partOf,
  PUBLIC_SUBPATHS,
  PURITY_EXCEPTIONS,
} from "../scripts/architecture.ts";
import {
  badFileNames,
  disabledTests,
  impureNames,
  isEntryPoint,
  longEntryPoints,
  longFiles,
  longFunctions,
  starExports,
  timersSet,
} from "./architecture/code-gates.ts";
import {
  importsOutsideArrows,
  impureImports,
  mayNotSetTimers,
  modulesOutOfPlace,
  timerImports,
} from "./architecture/import-gates.ts";
import type { Source } from "./architecture/source.ts";
import { importsOf, parseSource, readSources } from "./architecture/source.ts";

const REPOSITORY = resolve(import.meta.dirname, "..");
const sources = readSources();

interface Example {
  readonly path: string;
  readonly text: string;
}

interface Gate {
  readonly name: string;
  readonly violations: (source: Source) => string[];
  readonly covers: (path: string) => boolean;
  /** Fewer files than this mean that the gate looks in the wrong place. */
  readonly filesMin: number;
  readonly caught: readonly Example[];
  readonly passed: readonly Example[];
}

const everyFile = (): boolean => true;
const lines = (count: number): string => "// line\n".repeat(count);
const functionOf = (count: number): string => `function f() {\n${lines(count - 2)}}\n`;

const GATES: readonly Gate[] = [
  {
    name: "imports follow the arrows and stop at entry points",
    violations: importsOutsideArrows,
    covers: everyFile,
    filesMin: 120,
    caught: [
      { path: "packages/core/src/a.ts", text: `import { x } from "@pilotlight/protocol";` },
      { path: "packages/router/src/a.ts", text: `export { x } from "@pilotlight/pools";` },
      { path: "packages/core/src/a.test.ts", text: `import { x } from "@pilotlight/aws";` },
      { path: "packages/aws/src/a.ts", text: `type X = import("@pilotlight/emulator").X;` },
      { path: "packages/aws/src/a.ts", text: `const x = await import("@pilotlight/cli");` },
      { path: "functions/infer.ts", text: `import { x } from "@pilotlight/emulator";` },
      { path: "packages/cli/src/a.ts", text: `import { x } from "@pilotlight/core/src/units.ts";` },
      { path: "packages/cli/src/a.ts", text: `import { x } from "../../core/src/units.ts";` },
      { path: "test/a.test.ts", text: `import { x } from "../packages/core/src/units.ts";` },
      { path: "packages/cli/src/a.ts", text: `import { x } from "../../../scripts/x.ts";` },
      { path: "packages/cli/src/a.ts", text: `import { x } from "@pilotlight/nothing";` },
      { path: "models/a/handler.ts", text: `import { x } from "@pilotlight/runtime";` },
    ],
    passed: [
      { path: "packages/protocol/src/a.ts", text: `import { x } from "@pilotlight/core";` },
      { path: "packages/aws/src/a.test.ts", text: `import { x } from "@pilotlight/core/testing";` },
      { path: "packages/core/src/testing/a.ts", text: `import { x } from "../units.ts";` },
      { path: "models/a/handler.ts", text: `import type { X } from "@pilotlight/runtime";` },
      { path: "test/a.test.ts", text: `import { handler } from "../functions/infer.ts";` },
    ],
  },
  {
    name: "modules of others stay where the table allows them",
    violations: modulesOutOfPlace,
    covers: everyFile,
    filesMin: 120,
    caught: [
      { path: "functions/route.ts", text: `import { x } from "@aws-sdk/client-lambda";` },
      { path: "packages/core/src/errors.ts", text: `import { z } from "zod";` },
      { path: "packages/protocol/src/a.test.ts", text: `import { z } from "zod/mini";` },
      { path: "functions/infer.ts", text: `import { x } from "onnxruntime-node";` },
    ],
    passed: [
      { path: "packages/aws/src/a.ts", text: `import { x } from "@aws-sdk/client-lambda";` },
      {
        path: "packages/emulator/src/a.test.ts",
        text: `import { x } from "@aws-sdk/client-lambda";`,
      },
      { path: "packages/core/src/definition-schema.ts", text: `import { z } from "zod";` },
    ],
  },
  {
    name: "pure packages import nothing that touches the world",
    violations: impureImports,
    covers: mustBePure,
    filesMin: 25,
    caught: [
      { path: "packages/core/src/a.ts", text: `import { readFileSync } from "node:fs";` },
      { path: "packages/pools/src/a.ts", text: `import { request } from "node:http";` },
      { path: "packages/router/src/a.ts", text: `import { randomUUID } from "node:crypto";` },
    ],
    passed: [
      { path: "packages/core/src/a.ts", text: `import { createHash } from "node:crypto";` },
      { path: "packages/core/src/a.test.ts", text: `import { readFileSync } from "node:fs";` },
      { path: "packages/runtime/src/a.ts", text: `import { readFileSync } from "node:fs";` },
    ],
  },
  {
    name: "pure packages name no clock, chance, timer, process or console",
    violations: impureNames,
    covers: mustBePure,
    filesMin: 25,
    caught: [
      { path: "packages/core/src/a.ts", text: "const now = Date.now();" },
      { path: "packages/core/src/a.ts", text: "const now = new Date();" },
      { path: "packages/core/src/a.ts", text: "const now = performance.now();" },
      { path: "packages/metrics/src/a.ts", text: "const next = Math.random;" },
      { path: "packages/metrics/src/a.ts", text: "setTimeout(() => {}, 1);" },
      { path: "packages/metrics/src/a.ts", text: "globalThis.setTimeout(() => {}, 1);" },
      { path: "packages/protocol/src/a.ts", text: "const level = process.env.LEVEL;" },
      { path: "packages/simulator/src/a.ts", text: `console.log("x");` },
    ],
    passed: [
      { path: "packages/core/src/a.ts", text: "const then = new Date(clock.epochMs());" },
      { path: "packages/core/src/a.ts", text: "const x = { process: 1, console: 2 }; x.process;" },
      {
        path: "packages/core/src/a.ts",
        text: "interface A { fetch(): void } type F = typeof fetch;",
      },
      { path: "packages/core/src/a.ts", text: "// Date.now() is what the caller passes in." },
      { path: "packages/core/src/a.test.ts", text: "const now = Date.now();" },
      { path: "packages/aws/src/a.ts", text: "const now = Date.now();" },
    ],
  },
  {
    name: "the emulator sets timers in its clock file only",
    violations: (source) => [...timersSet(source), ...timerImports(source)],
    covers: mayNotSetTimers,
    filesMin: 20,
    caught: [
      { path: "packages/emulator/src/a.ts", text: "setTimeout(() => {}, 1);" },
      { path: "packages/emulator/src/a.ts", text: "const signal = AbortSignal.timeout(5);" },
      { path: "packages/emulator/src/a.ts", text: `import { x } from "node:timers/promises";` },
    ],
    passed: [
      { path: "packages/emulator/src/clock.ts", text: "setTimeout(() => {}, 1);" },
      { path: "packages/emulator/src/a.test.ts", text: "setTimeout(() => {}, 1);" },
      { path: "packages/emulator/src/a.ts", text: "timers.after(5, () => {});" },
    ],
  },
  {
    name: "no file is over 400 lines",
    violations: longFiles,
    covers: everyFile,
    filesMin: 120,
    caught: [{ path: "packages/core/src/a.ts", text: lines(401) }],
    passed: [{ path: "packages/core/src/a.ts", text: lines(400) }],
  },
  {
    name: "no function is over 70 lines",
    violations: longFunctions,
    covers: everyFile,
    filesMin: 120,
    caught: [
      { path: "packages/core/src/a.ts", text: functionOf(71) },
      { path: "packages/core/src/a.ts", text: `const f = () => {\n${lines(70)}};` },
      { path: "packages/core/src/a.ts", text: `class A {\n  f() {\n${lines(70)}}\n}` },
      { path: "test/a.test.ts", text: `test("x", () => {\n${lines(70)}});` },
    ],
    passed: [
      { path: "packages/core/src/a.ts", text: functionOf(70) },
      { path: "test/a.test.ts", text: `describe("x", () => {\n${lines(70)}});` },
      { path: "test/a.test.ts", text: `describe.skipIf(no)("x", () => {\n${lines(70)}});` },
    ],
  },
  {
    name: "no entry point is over 40 lines",
    violations: longEntryPoints,
    covers: isEntryPoint,
    filesMin: 2,
    caught: [{ path: "functions/infer.ts", text: lines(41) }],
    passed: [
      { path: "functions/infer.ts", text: lines(40) },
      { path: "functions/infer.test.ts", text: lines(41) },
    ],
  },
  {
    name: "file names say what is inside, in kebab-case",
    violations: badFileNames,
    covers: everyFile,
    filesMin: 120,
    caught: [
      { path: "packages/core/src/pool-manager.ts", text: "" },
      { path: "packages/core/src/utils/a.ts", text: "" },
      { path: "test/helpers.ts", text: "" },
      { path: "packages/core/src/virtualClock.ts", text: "" },
    ],
    passed: [
      { path: "packages/core/src/virtual-clock.test.ts", text: "" },
      { path: "packages/core/src/utility-curve.ts", text: "" },
      { path: "inference.config.ts", text: "" },
    ],
  },
  {
    name: "what is re-exported is named",
    violations: starExports,
    covers: everyFile,
    filesMin: 120,
    caught: [
      { path: "packages/core/src/index.ts", text: `export * from "./units.ts";` },
      { path: "packages/core/src/index.ts", text: `export * as units from "./units.ts";` },
    ],
    passed: [{ path: "packages/core/src/index.ts", text: `export { x } from "./units.ts";` }],
  },
  {
    name: "every test runs",
    violations: disabledTests,
    covers: isTest,
    filesMin: 20,
    caught: [
      { path: "test/a.test.ts", text: `test.skip("x", () => {});` },
      { path: "test/a.test.ts", text: `describe.only("x", () => {});` },
      { path: "test/a.test.ts", text: `test.todo("x");` },
      { path: "test/a.test.ts", text: `test.only.each([1])("x", () => {});` },
      { path: "test/a.test.ts", text: `test("x", { skip: true }, () => {});` },
    ],
    passed: [
      { path: "test/a.test.ts", text: `describe.skipIf(!hasShared)("x", () => {});` },
      { path: "test/a.test.ts", text: `test("only a test", () => { reader.skip(3); });` },
    ],
  },
];

/** An example with a title of one line. */
function titled(example: Example): Example & { readonly title: string } {
  const all = example.text.split("\n").length;
  const text = all > 1 ? `${example.text.split("\n")[0]} … (${all - 1} lines)` : example.text;
  return { ...example, title: `${example.path} ${text}` };
}

describe.each(GATES)("$name", ({ violations, covers, filesMin, caught, passed }) => {
  test(`sees at least ${filesMin} files`, () => {
    expect(sources.filter(({ path }) => covers(path)).length).toBeGreaterThanOrEqual(filesMin);
  });

  test("holds in every file", () => {
    expect(sources.flatMap((source) => violations(source))).toEqual([]);
  });

  test.each(caught.map(titled))("refuses $title", (example) => {
    expect(violations(parseSource(example))).toHaveLength(1);
  });

  test.each(passed.map(titled))("lets pass $title", (example) => {
    expect(violations(parseSource(example))).toEqual([]);
  });
});

describe("the table of imports", () => {
  const packageFolders = readdirSync(resolve(REPOSITORY, "packages")) as PackageName[];

  test("names every package that exists", () => {
    expect(packageFolders.length).toBeGreaterThanOrEqual(7);
    expect(packageFolders.filter((name) => !PACKAGES.includes(name))).toEqual([]);
  });

  test("has no circle", () => {
    const visit = (part: Part, path: readonly Part[]): Part[][] => {
      if (path.includes(part)) return [[...path, part]];
      return ALLOWED_IMPORTS[part].flatMap((next) => visit(next, [...path, part]));
    };
    const parts = PACKAGES.flatMap((name) => visit(name, []));
    expect(parts).toEqual([]);
  });

  test.each(packageFolders)("is kept by the dependencies and the exports of %s", (name) => {
    const file = resolve(REPOSITORY, "packages", name, "package.json");
    const { exports = {}, dependencies = {} } = JSON.parse(readFileSync(file, "utf8")) as {
      exports?: Record<string, string>;
      dependencies?: Record<string, string>;
    };
    const ours = Object.keys(dependencies).filter((key) => key.startsWith("@pilotlight/"));
    const allowed = ALLOWED_IMPORTS[name].map((part) => `@pilotlight/${part}`);
    const subpaths = (PUBLIC_SUBPATHS[name] ?? []).map((subpath) => `./${subpath}`);
    expect(allowed).toEqual(expect.arrayContaining(ours));
    expect(Object.keys(exports).toSorted()).toEqual([".", ...subpaths].toSorted());
  });

  test("excuses only files that exist", () => {
    const missing = Object.keys(PURITY_EXCEPTIONS).filter(
      (path) => !existsSync(resolve(REPOSITORY, path)),
    );
    expect(missing).toEqual([]);
  });
});

describe("importsOf", () => {
  test("sees imports of ours between the parts of the repository", () => {
    const ours = sources.flatMap((source) => {
      return importsOf(source).filter(({ specifier }) => specifier.startsWith("@pilotlight/"));
    });
    expect(ours.length).toBeGreaterThan(0);
  });

  test("gives the specifier, the names, the kind and the line", () => {
    const text = `import fs from "node:fs";\nimport type { A, B as C } from "./a.ts";\n`;
    expect(importsOf(parseSource({ path: "scripts/a.ts", text }))).toEqual([
      { specifier: "node:fs", names: ["fs"], isTypeOnly: false, line: 1 },
      { specifier: "./a.ts", names: ["A", "B"], isTypeOnly: true, line: 2 },
    ]);
  });
});

describe("partOf", () => {
  test("gives the package, the folder, or the root", () => {
    expect(partOf("packages/core/src/units.ts")).toBe("core");
    expect(partOf("functions/infer.ts")).toBe("functions");
    expect(partOf("inference.config.ts")).toBe("root");
  });
});
