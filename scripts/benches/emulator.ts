import { bareColdStartMs } from "./bare-runtime.ts";
import type { BenchResult, BenchRow } from "./bench-result.ts";
import { type LambdaServer, startOurEmulator } from "./lambda-server.ts";
import { type LoadResult, runLoad } from "./load.ts";
import { startServerlessOffline } from "./serverless-offline.ts";

const COLD_STARTS = 21;
const CONCURRENCIES = [1, 8, 32] as const;
const WARM_UP_MS = 2_000;
const DURATION_MS = 4_000;
/** Environments that are there when memory is measured. */
const MEMORY_CONCURRENCY = 8;

/** At concurrency 8, as the two servers are compared; a cold start beside the floor of a bare Node. */
const TARGETS: BenchResult["targets"] = {
  c8_rps_over_serverless_offline: { min: 1.8 },
  c8_p99_over_serverless_offline: { max: 1 },
  cold_start_over_bare_node: { max: 1.3 },
  failures: { max: 0 },
};

interface Measured {
  readonly coldStartMs: number;
  readonly memoryMbPerEnvironment: number;
  readonly loads: ReadonlyMap<number, LoadResult>;
}

/**
 * One trivial function: from nothing to its first answer, warm latency and throughput by Lambda's Invoke, and memory
 * for each environment, here and in serverless-offline, in one run.
 */
export async function emulator(progress: (line: string) => void): Promise<BenchResult> {
  progress("bare node, cold starts");
  const bareMs = await medianOf(COLD_STARTS, bareColdStartMs);
  progress("emulator");
  const ours = await measured(await startOurEmulator(COLD_STARTS), progress);
  progress("installing serverless-offline in a temporary folder");
  const peer = await startServerlessOffline(COLD_STARTS);
  const theirs = "server" in peer ? await measured(peer.server, progress) : undefined;
  const absent = "absent" in peer ? peer.absent : undefined;
  return {
    rows: [
      { server: "bare node", "cold start ms": rounded(bareMs) },
      ...rowsOf("pilotlight", ours),
      ...(theirs === undefined
        ? [{ server: `serverless-offline could not be had: ${absent}` }]
        : rowsOf("serverless-offline", theirs)),
    ],
    ...judged({ bareMs, ours, theirs }),
  };
}

async function measured(server: LambdaServer, progress: (line: string) => void): Promise<Measured> {
  await using running = server;
  const indices = Array.from({ length: COLD_STARTS }, (_, index) => index);
  const coldStartMs = await medianOf(COLD_STARTS, () => {
    return firstAnswerMs(running.invokeUrl(indices.pop() ?? 0));
  });
  const emptyMb = await running.memoryMb();
  const loads = new Map<number, LoadResult>();
  let memoryMb = 0;
  for (const concurrency of CONCURRENCIES) {
    progress(`  concurrency ${concurrency}`);
    const load = await runLoad({
      url: running.invokeUrl(0),
      headers: { "content-type": "application/json" },
      body: "{}",
      concurrency,
      warmUpMs: WARM_UP_MS,
      durationMs: DURATION_MS,
    });
    loads.set(concurrency, load);
    if (concurrency === MEMORY_CONCURRENCY) memoryMb = await running.memoryMb();
  }
  // One environment of this function was there before.
  const memoryMbPerEnvironment = (memoryMb - emptyMb) / (MEMORY_CONCURRENCY - 1);
  return { coldStartMs, memoryMbPerEnvironment, loads };
}

async function firstAnswerMs(url: string): Promise<number> {
  const startMs = performance.now();
  const response = await fetch(url, { method: "POST", body: "{}" });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return performance.now() - startMs;
}

async function medianOf(count: number, sample: () => Promise<number>): Promise<number> {
  const samples: number[] = [];
  for (let taken = 0; taken < count; taken += 1) samples.push(await sample());
  return samples.toSorted((a, b) => a - b)[Math.floor(count / 2)] ?? Number.NaN;
}

function rowsOf(
  server: string,
  { coldStartMs, memoryMbPerEnvironment, loads }: Measured,
): BenchRow[] {
  const summary = {
    server,
    "cold start ms": rounded(coldStartMs),
    "MB/environment": rounded(memoryMbPerEnvironment),
  };
  const rows = [...loads].map(([concurrency, load]) => ({
    server,
    concurrency,
    "requests/s": Math.round(load.requestsPerSec),
    "p50 ms": rounded(load.latencyMsP50),
    "p99 ms": rounded(load.latencyMsP99),
    failures: load.failureCount,
  }));
  return [summary, ...rows];
}

function judged({
  bareMs,
  ours,
  theirs,
}: {
  bareMs: number;
  ours: Measured;
  theirs: Measured | undefined;
}): Pick<BenchResult, "figures" | "targets"> {
  const own = {
    cold_start_over_bare_node: ours.coldStartMs / bareMs,
    failures: [...ours.loads.values()].reduce((sum, load) => sum + load.failureCount, 0),
  };
  const names = Object.keys(TARGETS).filter((name) => theirs !== undefined || name in own);
  const targets = Object.fromEntries(names.map((name) => [name, TARGETS[name] ?? {}]));
  if (theirs === undefined) return { figures: own, targets };
  const compared = CONCURRENCIES.flatMap((concurrency) => {
    const [mine, other] = [ours.loads.get(concurrency), theirs.loads.get(concurrency)];
    if (mine === undefined || other === undefined) return [];
    const key = `c${concurrency}`;
    return [
      [`${key}_rps_over_serverless_offline`, mine.requestsPerSec / other.requestsPerSec],
      [`${key}_p50_over_serverless_offline`, mine.latencyMsP50 / other.latencyMsP50],
      [`${key}_p99_over_serverless_offline`, mine.latencyMsP99 / other.latencyMsP99],
    ] as const;
  });
  const figures = {
    ...own,
    ...Object.fromEntries(compared),
    cold_start_over_serverless_offline: ours.coldStartMs / theirs.coldStartMs,
    memory_over_serverless_offline: ours.memoryMbPerEnvironment / theirs.memoryMbPerEnvironment,
  };
  return { figures, targets };
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
