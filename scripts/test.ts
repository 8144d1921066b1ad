/** `npm test [-- <arguments of vitest>]`: runs the tests and ends with the line `N passed, N failed`. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestCounts } from "./count-reporter.ts";
import { exitStatusOf } from "./run-child.ts";

const VITEST = fileURLToPath(new URL("vitest.mjs", import.meta.resolve("vitest/package.json")));
const REPORTER = fileURLToPath(new URL("count-reporter.ts", import.meta.url));

let counts: TestCounts = { passed: 0, failed: 0 };
const child = spawn(
  process.execPath,
  [VITEST, "run", "--reporter=default", `--reporter=${REPORTER}`, ...process.argv.slice(2)],
  { stdio: ["inherit", "inherit", "inherit", "ipc"] },
);
child.on("message", (message) => {
  counts = message as TestCounts;
});

const status = await exitStatusOf(child);
// vitest may fail without a failed test: no test found, a broken configuration, a signal.
const failed = status === 0 ? counts.failed : Math.max(1, counts.failed);
console.log(`${counts.passed} passed, ${failed} failed`);
process.exitCode = status;
