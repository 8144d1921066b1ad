import type { Reporter, TestModule } from "vitest/node";

/** What a run of the tests came to, as the reporter sends it to the process that started vitest. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

/** The part of a test module that is counted. */
export type CountedModule = Pick<TestModule, "errors" | "children">;

/** Counts tests; a file or a suite that broke outside its tests counts as one failure. */
export function countTests(
  modules: readonly CountedModule[],
  unhandledErrors: readonly unknown[],
): TestCounts {
  let passed = 0;
  let failed = unhandledErrors.length;
  for (const module of modules) {
    if (module.errors().length > 0) failed += 1;
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed += 1;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") passed += 1;
      if (state === "failed") failed += 1;
    }
  }
  return { passed, failed };
}

/** A reporter of vitest that sends the counts over IPC to scripts/test.ts, and prints nothing. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    process.send?.(countTests(modules, unhandledErrors));
  }
}
