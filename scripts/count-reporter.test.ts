import { describe, expect, test } from "vitest";
import type { CountedModule } from "./count-reporter.ts";
import { countTests } from "./count-reporter.ts";

type State = "passed" | "failed" | "skipped";

interface ModuleOutcome {
  readonly states: readonly State[];
  readonly errors?: number;
  readonly suiteErrors?: number;
}

function moduleOf({ states, errors = 0, suiteErrors = 0 }: ModuleOutcome): CountedModule {
  const raised = (count: number): Error[] => Array.from({ length: count }, () => new Error("x"));
  const children = {
    allTests: () => states.map((state) => ({ result: () => ({ state }) })),
    allSuites: () => [{ errors: () => raised(suiteErrors) }],
  };
  return { errors: () => raised(errors), children } as unknown as CountedModule;
}

describe("countTests", () => {
  test("adds up what passed and what failed, and leaves out what was skipped", () => {
    const modules = [
      moduleOf({ states: ["passed", "passed", "failed"] }),
      moduleOf({ states: ["skipped", "passed"] }),
    ];
    expect(countTests(modules, [])).toEqual({ passed: 3, failed: 1 });
  });

  test("counts a file that did not load as one failure", () => {
    const modules = [moduleOf({ states: [], errors: 2 }), moduleOf({ states: ["passed"] })];
    expect(countTests(modules, [])).toEqual({ passed: 1, failed: 1 });
  });

  test("counts a suite whose hook broke as one failure", () => {
    const modules = [moduleOf({ states: ["skipped"], suiteErrors: 1 })];
    expect(countTests(modules, [])).toEqual({ passed: 0, failed: 1 });
  });

  test("counts every unhandled error", () => {
    const modules = [moduleOf({ states: ["passed"] })];
    expect(countTests(modules, [new Error("x")])).toEqual({ passed: 1, failed: 1 });
  });
});
