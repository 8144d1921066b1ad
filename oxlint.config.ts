import { builtinModules } from "node:module";
import { defineConfig } from "oxlint";
import type { Part } from "./scripts/architecture.ts";
import {
  ALLOWED_IMPORTS,
  allowedImportsText,
  DEFAULT_EXPORT_GLOBS,
  EMULATOR_CLOCK_FILE,
  IMPURE_CRYPTO_NAMES,
  IMPURE_GLOBALS,
  IMPURE_MEMBERS,
  LINE_LIMITS,
  matchesAny,
  MODULE_RULES,
  mustBePure,
  PACKAGES,
  partOf,
  PUBLIC_SUBPATHS,
  PURE_NODE_MODULES,
  PURE_PACKAGES,
  PURITY_EXCEPTIONS,
  TEST_GLOBS,
  TIMERS,
} from "./scripts/architecture.ts";

const TESTS = [...TEST_GLOBS];

/** Files under one set of import rules, and a path that stands for all of them. */
interface ImportScope {
  readonly files: string[];
  readonly sample: string;
}

const FOLDERS = [
  ...PACKAGES.map((name) => `packages/${name}`),
  "functions",
  "models",
  "scripts",
  "test",
];

/** Of two scopes that hold a file the later one counts. */
const IMPORT_SCOPES: readonly ImportScope[] = [
  { files: ["*.ts"], sample: "a.ts" },
  ...FOLDERS.map((folder) => ({ files: [`${folder}/**/*.ts`], sample: `${folder}/src/a.ts` })),
  ...FOLDERS.map((folder) => ({
    files: [`${folder}/**/*.test.ts`],
    sample: `${folder}/a.test.ts`,
  })),
  ...MODULE_RULES.flatMap(({ allowedIn }) => allowedIn)
    .filter((glob) => glob.startsWith("packages/") && glob.endsWith("*.ts"))
    .map((glob) => ({ files: [glob], sample: glob.replace("*", "") })),
  ...Object.keys(PURITY_EXCEPTIONS).map((path) => ({ files: [path], sample: path })),
];

function restrictedImports(sample: string): { patterns: object[] } {
  const from = partOf(sample);
  return {
    patterns: [
      ...PACKAGES.filter((name) => name !== from && !ALLOWED_IMPORTS[from].includes(name)).map(
        (name) => ({ group: [`@pilotlight/${name}`], message: `${allowedImportsText(from)}.` }),
      ),
      ...deepImports(from),
      ...MODULE_RULES.filter(({ allowedIn }) => !matchesAny(sample, allowedIn)).map(
        ({ module, reason }) => ({ regex: `^${module}(/|$)`, message: reason }),
      ),
      ...(mustBePure(sample) ? impureModules() : []),
      ...timerModules(sample),
    ],
  };
}

function deepImports(from: Part): object[] {
  const message = "Import the entry point of the package: @pilotlight/<name>.";
  const subpaths = PACKAGES.filter((name) => ALLOWED_IMPORTS[from].includes(name)).map((name) => {
    const entries = (PUBLIC_SUBPATHS[name] ?? []).map(
      (subpath) => `!@pilotlight/${name}/${subpath}`,
    );
    return { group: [`@pilotlight/${name}/*`, ...entries], message };
  });
  return [...subpaths, { regex: "^(\\.\\./)+(packages/)?[a-z-]+/src/", message }];
}

function impureModules(): object[] {
  const touching = builtinModules
    .map((name) => `node:${name}`)
    .filter((name) => !(PURE_NODE_MODULES as readonly string[]).includes(name));
  return [
    { group: touching, message: "A pure package touches no file, network or process." },
    {
      group: ["node:crypto"],
      importNames: IMPURE_CRYPTO_NAMES,
      message: "Take a Random as a parameter.",
    },
  ];
}

function timerModules(sample: string): object[] {
  if (partOf(sample) !== "emulator" || sample.endsWith(".test.ts")) return [];
  return [{ group: [...TIMERS.modules], message: `Timers live in ${EMULATOR_CLOCK_FILE}.` }];
}

function restrictedGlobals(remedies: Readonly<Record<string, string>>): object[] {
  return Object.entries(remedies).map(([name, remedy]) => ({ name, message: `${remedy}.` }));
}

function restrictedProperties(remedies: Readonly<Record<string, string>>): object[] {
  return Object.entries(remedies).map(([member, remedy]) => {
    const [object, property] = member.split(".");
    return { object, property, message: `${remedy}.` };
  });
}

const timerRemedies = (names: readonly string[]): Record<string, string> => {
  return Object.fromEntries(names.map((name) => [name, `timers live in ${EMULATOR_CLOCK_FILE}`]));
};

export default defineConfig({
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: "error" },
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "promise", "node", "vitest"],
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: [".pilotlight", "sst.config.ts"],
  rules: {
    // `fc.assert` and `fc.property` are how fast-check is written.
    "import/no-named-as-default-member": "off",
    // Files and wire formats have control characters.
    "no-control-regex": "off",
    // AWS names variables so: _HANDLER, _X_AMZN_TRACE_ID.
    "no-underscore-dangle": "off",
    // A callback may end a chain for its effect; no-floating-promises watches over the chain.
    "promise/always-return": "off",
    "typescript/no-misused-spread": ["error", { allow: ["string"] }],
    // An exhaustive switch returns on every path; tsc knows that, this rule does not.
    "consistent-return": "off",
    // What JSON.parse gives has to be called something at the edge.
    "typescript/no-unsafe-type-assertion": "off",
    // A small function may stand beside its only use.
    "unicorn/consistent-function-scoping": "off",
    "import/no-unassigned-import": ["error", { allow: ["**/require-node.js"] }],
    // `export {}` makes a module of a package that has nothing to export yet.
    "unicorn/require-module-specifiers": "off",
    eqeqeq: "error",
    "max-params": ["error", { max: 3 }],
    "max-lines": ["error", { max: LINE_LIMITS.file }],
    "max-lines-per-function": ["error", { max: LINE_LIMITS.function }],
    "no-empty": ["error", { allowEmptyCatch: false }],
    "no-var": "error",
    "prefer-const": "error",
    "import/no-cycle": "error",
    "import/no-default-export": "error",
    "typescript/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/return-await": ["error", "error-handling-correctness-only"],
    "typescript/switch-exhaustiveness-check": "error",
    "unicorn/prefer-node-protocol": "error",
  },
  overrides: [
    ...IMPORT_SCOPES.map(({ files, sample }) => ({
      files,
      rules: { "no-restricted-imports": ["error", restrictedImports(sample)] as never },
    })),
    {
      files: PURE_PACKAGES.map((name) => `packages/${name}/**/*.ts`),
      excludeFiles: [...TESTS, ...Object.keys(PURITY_EXCEPTIONS)],
      rules: {
        "no-restricted-globals": ["error", ...restrictedGlobals(IMPURE_GLOBALS)] as never,
        "no-restricted-properties": ["error", ...restrictedProperties(IMPURE_MEMBERS)] as never,
      },
    },
    {
      files: ["packages/emulator/**/*.ts"],
      excludeFiles: [...TESTS, EMULATOR_CLOCK_FILE],
      rules: {
        "no-restricted-globals": [
          "error",
          ...restrictedGlobals(timerRemedies(TIMERS.globals)),
        ] as never,
        "no-restricted-properties": [
          "error",
          ...restrictedProperties(timerRemedies(TIMERS.members)),
        ] as never,
      },
    },
    {
      files: [...DEFAULT_EXPORT_GLOBS],
      rules: { "import/no-default-export": "off" },
    },
    {
      files: TESTS,
      rules: {
        // The callback of describe is a list of tests; test/architecture.test.ts counts the rest.
        "max-lines-per-function": "off",
        "vitest/expect-expect": [
          "error",
          { assertFunctionNames: ["expect", "expectTypeOf", "fc.assert"] },
        ],
        "vitest/no-disabled-tests": "error",
        "vitest/no-focused-tests": "error",
      },
    },
  ],
});
