import { describe, expect, test } from "vitest";

import { sessionOptions } from "./session-options.ts";

describe("sessionOptions", () => {
  test("takes threads and optimisation from the definition", () => {
    const options = sessionOptions({ threads: 3, optimization: "basic", warmUp: true });
    expect(options).toMatchObject({ intraOpNumThreads: 3, graphOptimizationLevel: "basic" });
  });

  test("keeps idle threads from spinning and operators from running side by side", () => {
    const options = sessionOptions({ threads: 1, optimization: "all", warmUp: true });
    expect(options).toMatchObject({
      executionMode: "sequential",
      interOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
  });
});
