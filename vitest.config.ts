import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // By default vitest leaves one core idle, and many tests wait for processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    include: [
      "packages/**/*.test.ts",
      "functions/**/*.test.ts",
      "models/**/*.test.ts",
      "scripts/**/*.test.ts",
      "test/**/*.test.ts",
    ],
  },
});
