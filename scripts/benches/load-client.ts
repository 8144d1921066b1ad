import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";

import type { LoadPlan, LoadResult } from "./load.ts";

/**
 * The process behind runLoad: reads a plan from stdin, writes the result to stdout.
 *
 * Own code, because autocannon keeps latencies as whole milliseconds and a warm answer takes less than one.
 */
const plan = JSON.parse(await text(process.stdin)) as LoadPlan;
const agent = new Agent({ keepAlive: true, maxSockets: plan.concurrency });

async function send(): Promise<boolean> {
  return await new Promise((settle) => {
    const call = request(plan.url, {
      method: "POST",
      agent,
      headers: { ...plan.headers, "content-length": Buffer.byteLength(plan.body) },
    });
    call.on("response", (response) => {
      response.resume();
      response.on("end", () => settle(response.statusCode === 200));
    });
    call.on("error", () => settle(false));
    call.end(plan.body);
  });
}

async function connection(
  endMs: number,
  record: (latencyMs: number, isOk: boolean) => void,
): Promise<void> {
  while (performance.now() < endMs) {
    const startedMs = performance.now();
    const isOk = await send();
    record(performance.now() - startedMs, isOk);
  }
}

async function load(durationMs: number): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let failureCount = 0;
  const startedMs = performance.now();
  const record = (latencyMs: number, isOk: boolean) => {
    latenciesMs.push(latencyMs);
    if (!isOk) failureCount += 1;
  };
  const connections = Array.from({ length: plan.concurrency }, () =>
    connection(startedMs + durationMs, record),
  );
  await Promise.all(connections);
  const tookSec = (performance.now() - startedMs) / 1000;
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const quantile = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return {
    requestCount: sorted.length,
    failureCount,
    requestsPerSec: sorted.length / tookSec,
    latencyMsP50: quantile(0.5),
    latencyMsP99: quantile(0.99),
  };
}

await load(plan.warmUpMs);
process.stdout.write(JSON.stringify(await load(plan.durationMs)));
agent.destroy();
