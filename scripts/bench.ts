import { writeFile } from "node:fs/promises";
import { arch, cpus, platform, totalmem } from "node:os";
import { parseArgs } from "node:util";

import { BYTES_PER_MB } from "@pilotlight/core";

import { missedTargets } from "./benches/bench-result.ts";
import type { BenchResult } from "./benches/bench-result.ts";
import { emulator } from "./benches/emulator.ts";
import { serve } from "./benches/serve.ts";

const BENCHES: Readonly<
  Record<string, (progress: (line: string) => void) => Promise<BenchResult>>
> = { serve, emulator };

const HELP = `npm run bench -- <name> [--json FILE]

  name            ${Object.keys(BENCHES).join(", ")}
  --json FILE     write host, rows, figures and targets there

Figures that targets judge are ratios of things measured in the same run. Exits with 1 when one misses its target.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  const [name] = positionals;
  if (values.help === true || name === undefined) return print(HELP);
  const bench = BENCHES[name];
  if (bench === undefined) {
    print(`there is no bench "${name}"; accepted: ${Object.keys(BENCHES).join(", ")}`);
    process.exitCode = 1;
    return;
  }
  const result = await bench((line) => process.stderr.write(`${line}\n`));
  console.table(result.rows);
  report(result);
  if (values.json !== undefined) {
    const file = { bench: name, host: host(), ...result };
    await writeFile(values.json, `${JSON.stringify(file, null, 2)}\n`);
  }
}

function report(result: BenchResult): void {
  for (const [figure, value] of Object.entries(result.figures)) {
    const { min, max } = result.targets[figure] ?? {};
    const target = [
      min === undefined ? "" : `at least ${min}`,
      max === undefined ? "" : `at most ${max}`,
    ];
    print(`${figure} ${value.toPrecision(3)} ${target.filter(Boolean).join(", ")}`.trimEnd());
  }
  const missed = missedTargets(result);
  if (missed.length === 0) return;
  print(`missed: ${missed.join(", ")}`);
  process.exitCode = 1;
}

function host(): Readonly<Record<string, string | number>> {
  const cores = cpus();
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cores[0]?.model ?? "unknown",
    cores: cores.length,
    memoryMb: Math.round(totalmem() / BYTES_PER_MB),
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
