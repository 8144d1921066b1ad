import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** A closed loop: each of `concurrency` connections sends its next request when it has its answer. */
export interface LoadPlan {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly concurrency: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly requestCount: number;
  readonly failureCount: number;
  readonly requestsPerSec: number;
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
}

const CLIENT = join(import.meta.dirname, "load-client.ts");

/** Runs a load in a process of its own, so that client and server share no event loop. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const client = spawn(process.execPath, [CLIENT], { stdio: ["pipe", "pipe", "inherit"] });
  client.stdin.end(JSON.stringify(plan));
  const [output] = await Promise.all([text(client.stdout), once(client, "exit")]);
  return JSON.parse(output) as LoadResult;
}
