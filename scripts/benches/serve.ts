import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { BenchResult, BenchRow } from "./bench-result.ts";
import { startDevServer } from "../dev-server.ts";
import type { DevServer } from "../dev-server.ts";
import { runLoad } from "./load.ts";
import type { LoadResult } from "./load.ts";

const ROOT = join(import.meta.dirname, "../..");
const MODELS = ["biopsy", "digits"] as const;
const CONCURRENCIES = [1, 8, 32] as const;
const WARM_UP_MS = 2000;
const DURATION_MS = 3000;

/** How a request reaches the model. */
const PATHS = ["bare", "function", "api"] as const;
type Path = (typeof PATHS)[number];

/**
 * Requests per second and latency through the whole path (HTTP API, route, Invoke, execution environment), straight
 * to the model's function by Lambda Invoke, and through a bare node:http server with onnxruntime-node, in one run.
 */
export async function serve(progress: (line: string) => void): Promise<BenchResult> {
  const server = await startDevServer(join(ROOT, "inference.config.ts"));
  try {
    const rows: BenchRow[] = [];
    const figures: Record<string, number> = {};
    for (const model of MODELS) {
      for (const concurrency of CONCURRENCIES) {
        const results = await measure(server, { model, concurrency, progress });
        for (const path of PATHS) rows.push(rowOf({ model, path, concurrency }, results));
        Object.assign(figures, ratios({ model, concurrency }, results));
      }
    }
    return { rows, figures, targets: TARGETS };
  } finally {
    await server.stop();
  }
}

/**
 * Half of what was measured on two idle cores (2026-11-24), so that a regression shows and noise does not: the whole
 * path passes five HTTP exchanges and two processes where the bare server has one of each.
 */
const RPS_OVER_BARE_MIN = {
  1: { function: 0.22, api: 0.09 },
  8: { function: 0.15, api: 0.05 },
  32: { function: 0.1, api: 0.03 },
} as const;

const TARGETS: BenchResult["targets"] = Object.fromEntries(
  MODELS.flatMap((model) =>
    CONCURRENCIES.flatMap((concurrency) => {
      const key = `${model}_c${concurrency}`;
      const minimum = RPS_OVER_BARE_MIN[concurrency];
      return [
        [`${key}_function_rps_over_bare`, { min: minimum.function }],
        [`${key}_api_rps_over_bare`, { min: minimum.api }],
        [`${key}_failures`, { max: 0 }],
      ];
    }),
  ),
);

type Results = Readonly<Record<Path, LoadResult>>;

async function measure(
  server: DevServer,
  {
    model,
    concurrency,
    progress,
  }: { model: string; concurrency: number; progress: (line: string) => void },
): Promise<Results> {
  const sample = await readFile(join(ROOT, "models", model, "sample.json"), "utf8");
  await using bare = await startBareServer(model);
  const json = { "content-type": "application/json" };
  const run = async (path: Path, url: string, body: string) => {
    progress(`${model}, concurrency ${concurrency}, ${path}`);
    return await runLoad({
      url,
      headers: json,
      body,
      concurrency,
      warmUpMs: WARM_UP_MS,
      durationMs: DURATION_MS,
    });
  };
  const event = JSON.stringify({ action: "infer", headers: json, body: sample });
  return {
    bare: await run("bare", bare.url, sample),
    function: await run(
      "function",
      `${server.aws}/2015-03-31/functions/pilotlight-local-${model}/invocations?Qualifier=live`,
      event,
    ),
    api: await run("api", `${server.api}/v2/models/${model}/infer`, sample),
  };
}

async function startBareServer(model: string): Promise<{ url: string } & AsyncDisposable> {
  const file = join(ROOT, "models", model, "model.onnx");
  const child = spawn(process.execPath, [join(import.meta.dirname, "bare-server.ts"), file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return {
    url: `http://127.0.0.1:${port.toString().trim()}/`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "exit");
    },
  };
}

function rowOf(
  { model, path, concurrency }: { model: string; path: Path; concurrency: number },
  results: Results,
): BenchRow {
  const result = results[path];
  return {
    model,
    path,
    concurrency,
    "requests/s": Math.round(result.requestsPerSec),
    "p50 ms": Number(result.latencyMsP50.toFixed(2)),
    "p99 ms": Number(result.latencyMsP99.toFixed(2)),
    failures: result.failureCount,
    "of bare": Number((result.requestsPerSec / results.bare.requestsPerSec).toFixed(3)),
  };
}

function ratios(
  { model, concurrency }: { model: string; concurrency: number },
  results: Results,
): Record<string, number> {
  const key = `${model}_c${concurrency}`;
  const { bare } = results;
  return {
    [`${key}_function_rps_over_bare`]: results.function.requestsPerSec / bare.requestsPerSec,
    [`${key}_api_rps_over_bare`]: results.api.requestsPerSec / bare.requestsPerSec,
    [`${key}_api_p50_over_bare`]: results.api.latencyMsP50 / bare.latencyMsP50,
    [`${key}_api_p99_over_bare`]: results.api.latencyMsP99 / bare.latencyMsP99,
    [`${key}_failures`]: results.function.failureCount + results.api.failureCount,
  };
}
