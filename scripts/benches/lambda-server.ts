import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { BYTES_PER_MB } from "@pilotlight/core";

/** A server that answers Lambda's Invoke for the functions trivial0, trivial1, …, in a process of its own. */
export interface LambdaServer extends AsyncDisposable {
  /** Where function number `index` is invoked. */
  invokeUrl(index: number): string;
  /** Memory of the server with all its children, each shared page counted once; 0 where /proc is absent. */
  memoryMb(): Promise<number>;
}

/** Starts our emulator with so many functions. */
export async function startOurEmulator(functionCount: number): Promise<LambdaServer> {
  const program = join(import.meta.dirname, "emulator-server.ts");
  const child = spawn(process.execPath, [program, String(functionCount)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await firstLine(child);
  return lambdaServer(child, (index) => {
    return `${address}/2015-03-31/functions/trivial${index}/invocations`;
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const ended = once(child, "exit").then(() => {
    throw new Error("the emulator ended before it was ready");
  });
  const written = once(child.stdout ?? child, "data") as Promise<[Buffer]>;
  const [line] = await Promise.race([written, ended]);
  return line.toString().trim();
}

/** The server that `child` is. */
export function lambdaServer(
  child: ChildProcess,
  invokeUrl: LambdaServer["invokeUrl"],
): LambdaServer {
  return {
    invokeUrl,
    memoryMb: async () => (await proportionalBytes(child.pid ?? 0)) / BYTES_PER_MB,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Proportional set size (smaps_rollup of proc(5)) of a process and all that descend from it. */
async function proportionalBytes(pid: number): Promise<number> {
  const rollup = await readOrEmpty(`/proc/${pid}/smaps_rollup`);
  const kilobytes = Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
  const children = (await readOrEmpty(`/proc/${pid}/task/${pid}/children`)).split(" ");
  const nested = await Promise.all(
    children.filter((text) => text.trim() !== "").map((text) => proportionalBytes(Number(text))),
  );
  return nested.reduce((sum, bytes) => sum + bytes, kilobytes * 1024);
}

/** A process may end while it is looked at, and other systems have no /proc. */
async function readOrEmpty(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => "");
}
