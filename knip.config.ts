import type { KnipConfig } from "knip";

const config: KnipConfig = {
  workspaces: {
    ".": {
      entry: [
        "functions/*.ts",
        "models/*/handler.ts",
        "inference.config.ts",
        "scripts/*.ts",
        // Processes of their own, started by path.
        "scripts/benches/bare-server.ts",
        "scripts/benches/load-client.ts",
        "scripts/benches/emulator-server.ts",
        "test/end-to-end/support/emulator-process.ts",
        "test/**/*.test.ts",
      ],
      project: ["*.ts", "functions/**/*.ts", "models/**/*.ts", "scripts/**/*.ts", "test/**/*.ts"],
    },
    "packages/*": {
      project: ["src/**/*.ts"],
    },
    "packages/emulator": {
      // AWS's runtime client loads it by path, in a process of its own.
      entry: ["src/environment/runtime-client.cjs"],
      project: ["src/**/*.{ts,cjs}"],
      // Resolved to a path for another process (createRequire(…).resolve), which knip does not follow.
      ignoreDependencies: ["aws-lambda-ric"],
    },
  },
};

export default config;
