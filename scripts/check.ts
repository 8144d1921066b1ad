/** `npm run check`: format, lint, types and dead code, one line each; the tests are `npm test`. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { exitStatusOf } from "./run-child.ts";

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly remedy: string;
}

const CHECKS: readonly Check[] = [
  {
    name: "format",
    command: ["oxfmt", "--check"],
    remedy: "npm run format mends it",
  },
  {
    name: "lint",
    command: ["oxlint", "--type-aware", "--deny-warnings"],
    remedy: "the borders are in scripts/architecture.ts, the rules in oxlint.config.ts",
  },
  { name: "types", command: ["tsc"], remedy: "mend the types" },
  {
    name: "dead code",
    command: ["knip"],
    remedy: "delete what nothing uses, declare what is imported",
  },
];

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const NAME_WIDTH = Math.max(...CHECKS.map(({ name }) => name.length));

let passed = 0;
let failed = 0;
for (const check of CHECKS) {
  const startMs = performance.now();
  const { status, output } = await run(check.command);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const verdict = status === 0 ? "ok    " : "FAILED";
  console.log(
    `${check.name.padEnd(NAME_WIDTH)}  ${verdict}  ${seconds} s  ${check.command.join(" ")}`,
  );
  if (status === 0) {
    passed += 1;
    continue;
  }
  failed += 1;
  console.log(`${output.trimEnd()}\n  ${check.name}: ${check.remedy}\n`);
  // Interrupted by a signal: the person who asked for the checks wants them no more.
  if (status > 128) break;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function run([command, ...args]: Check["command"]): Promise<{
  status: number;
  output: string;
}> {
  const path = `${REPOSITORY}node_modules/.bin:${process.env["PATH"] ?? ""}`;
  const child = spawn(command, args, {
    cwd: REPOSITORY,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exitStatusOf(child),
  ]);
  return { status, output: stdout + stderr };
}
