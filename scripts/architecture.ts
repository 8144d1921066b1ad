/**
 * The borders of the repository as data: who may import whom, which code is pure, how long code may
 * be. oxlint.config.ts and test/architecture.test.ts read these tables; nothing else states them.
 */
import { posix } from "node:path";

/** Packages of the design, whether or not their folder exists yet. */
export const PACKAGES = [
  "core",
  "protocol",
  "metrics",
  "runtime",
  "router",
  "pools",
  "aws",
  "client",
  "emulator",
  "simulator",
  "infra",
  "cli",
] as const;

/** A folder under packages/. */
export type PackageName = (typeof PACKAGES)[number];

/** A package, one of the other folders that hold code, or `root`: the files beside package.json. */
export type Part = PackageName | "functions" | "models" | "scripts" | "test" | "root";

const NOT_DEPLOYED: readonly PackageName[] = ["emulator", "cli", "infra", "simulator"];

/** The arrows: what of ours each part may import, beside itself. */
export const ALLOWED_IMPORTS: Readonly<Record<Part, readonly Part[]>> = {
  core: [],
  protocol: ["core"],
  metrics: ["core"],
  runtime: ["core", "protocol", "metrics"],
  router: ["core", "protocol"],
  pools: ["core"],
  aws: ["core", "protocol", "router", "pools"],
  client: ["core", "protocol"],
  emulator: ["core", "metrics"],
  simulator: ["core", "metrics", "router", "pools"],
  infra: ["core"],
  cli: PACKAGES.filter((name) => name !== "cli"),
  functions: PACKAGES.filter((name) => !NOT_DEPLOYED.includes(name)),
  models: ["protocol", "runtime"],
  scripts: [...PACKAGES, "functions", "models"],
  test: [...PACKAGES, "functions", "models", "scripts", "root"],
  root: ["core", "infra", "scripts"],
};

/** Imports that must be `import type`: a model's handler is typed by the runtime and runs without it. */
export const TYPE_ONLY_IMPORTS: Readonly<Partial<Record<Part, readonly Part[]>>> = {
  models: ["runtime"],
};

/** Entry points of packages beside `.`; each is in the `exports` of the package. */
export const PUBLIC_SUBPATHS: Readonly<Partial<Record<PackageName, readonly string[]>>> = {
  core: ["definition", "testing"],
  runtime: ["prepare", "settings"],
};

/** Where tests live: they may do what the code under test may not. */
export const TEST_GLOBS = ["**/*.test.ts", "test/**"] as const;

interface ModuleRule {
  /** A module, or a scope such as `@aws-sdk`; what lies under it counts too. */
  readonly module: string;
  readonly allowedIn: readonly string[];
  readonly reason: string;
}

/** Modules of others that only some files may import. */
export const MODULE_RULES: readonly ModuleRule[] = [
  {
    module: "@aws-sdk",
    allowedIn: ["packages/aws/**", ...TEST_GLOBS],
    reason:
      "AWS is reached through packages/aws only; declare a port and let packages/aws adapt it.",
  },
  {
    module: "zod",
    allowedIn: ["packages/core/src/definition*.ts", "packages/core/src/resolve*.ts"],
    reason: "zod checks definitions only, so that no deployed bundle carries it.",
  },
  {
    module: "onnxruntime-node",
    allowedIn: ["packages/runtime/**", "scripts/**", ...TEST_GLOBS],
    reason: "models are run by packages/runtime only.",
  },
];

/** Packages that decide: they know no clock, no chance, no process, no network, no file. */
export const PURE_PACKAGES: readonly PackageName[] = [
  "core",
  "protocol",
  "router",
  "pools",
  "simulator",
  "metrics",
];

/** Files of pure packages that may touch the world, each with its reason. */
export const PURITY_EXCEPTIONS: Readonly<Record<string, string>> = {};

/** Modules of Node that compute and touch nothing; a pure package may import these and no others. */
export const PURE_NODE_MODULES = [
  "node:assert",
  "node:buffer",
  "node:crypto",
  "node:path",
  "node:url",
  "node:util",
  "node:zlib",
] as const;

/** Globals that a pure package may not name, with the remedy. */
export const IMPURE_GLOBALS: Readonly<Record<string, string>> = {
  setTimeout: "take Timers as a parameter",
  setInterval: "take Timers as a parameter",
  setImmediate: "take Timers as a parameter",
  process: "take the value as a parameter",
  console: "return the text, or take a sink as a parameter",
  fetch: "declare a port and let an adapter implement it",
};

/** Members that a pure package may not name, as `object.property`, with the remedy. */
export const IMPURE_MEMBERS: Readonly<Record<string, string>> = {
  "Date.now": "take a Clock as a parameter",
  "performance.now": "take a Clock as a parameter",
  "Math.random": "take a Random as a parameter",
  "crypto.randomUUID": "take a Random as a parameter",
  "crypto.getRandomValues": "take a Random as a parameter",
  "AbortSignal.timeout": "take Timers as a parameter",
};

/** Names that a pure package may not import from node:crypto. */
export const IMPURE_CRYPTO_NAMES = ["randomBytes", "randomFillSync", "randomInt", "randomUUID"];

/** The emulator's delays pass through this one file, so that PILOTLIGHT_SPEED reaches all of them. */
export const EMULATOR_CLOCK_FILE = "packages/emulator/src/clock.ts";

/** What sets a timer, banned in the emulator outside {@link EMULATOR_CLOCK_FILE}. */
export const TIMERS = {
  globals: ["setTimeout", "setInterval"],
  members: ["AbortSignal.timeout"],
  modules: ["node:timers", "node:timers/promises"],
} as const;

/** Longest code, in lines as an editor counts them, comments and blank lines too. */
export const LINE_LIMITS = { file: 400, function: 70, entryPoint: 40 } as const;

/** Entry points of what is deployed: they compose and decide nothing. */
export const ENTRY_POINT_GLOB = "functions/*.ts";

/** Files whose default export is their contract with a tool, with the cli, or with the runtime. */
export const DEFAULT_EXPORT_GLOBS = [
  "**/*.config.ts",
  "models/*/handler.ts",
  "scripts/*-reporter.ts",
  "**/fixtures/**/*.ts",
] as const;

/** The part to which a file belongs. */
export function partOf(path: string): Part {
  const [folder, name] = path.split("/");
  if (folder === "packages")
    return (PACKAGES as readonly string[]).includes(name ?? "") ? (name as PackageName) : "root";
  if (folder === "functions" || folder === "models" || folder === "scripts" || folder === "test") {
    return folder;
  }
  return "root";
}

/** Whether `path`, relative to the repository, matches one of the globs. */
export function matchesAny(path: string, globs: readonly string[]): boolean {
  return globs.some((glob) => posix.matchesGlob(path, glob));
}

/** Whether the file is a test or the support of one. */
export function isTest(path: string): boolean {
  return matchesAny(path, TEST_GLOBS);
}

/** Whether the file must be pure: it lies in a pure package, is no test and has no exception. */
export function mustBePure(path: string): boolean {
  const isPurePackage = (PURE_PACKAGES as readonly Part[]).includes(partOf(path));
  return isPurePackage && !isTest(path) && PURITY_EXCEPTIONS[path] === undefined;
}

/** Whether `specifier` names `module` or something under it. */
export function isWithin(specifier: string, module: string): boolean {
  return specifier === module || specifier.startsWith(`${module}/`);
}

/** Says what a part may import, for a message. */
export function allowedImportsText(part: Part): string {
  const allowed = ALLOWED_IMPORTS[part].join(", ") || "nothing of ours";
  return `${part} may import only: ${allowed} (scripts/architecture.ts)`;
}
