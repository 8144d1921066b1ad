import type { KnipConfig } from "knip";

const config: KnipConfig = {
  workspaces: {
    ".": {
      entry: [
        "functions/*.ts",
        "models/*/handler.ts",
        "inference.config.ts",
        "scripts/*.ts",
        "test/**/*.test.ts",
      ],
      project: ["*.ts", "functions/**/*.ts", "models/**/*.ts", "scripts/**/*.ts", "test/**/*.ts"],
    },
    "packages/*": {
      project: ["src/**/*.ts"],
    },
  },
};

export default config;
