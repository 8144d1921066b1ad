import { defineConfig } from "oxfmt";

export default defineConfig({
  printWidth: 100,
  ignorePatterns: ["package-lock.json", "models/**/*.json", ".pilotlight/**"],
});
