import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { describe, expect, test, vi } from "vitest";

import { FunctionUnderTest } from "./testing/function-under-test.ts";
import { isRunning } from "./testing/is-running.ts";

/** Answers with its own process id and that of a child that would outlive it. */
const CODE = `
  import { spawn } from "node:child_process";
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  export const handler = async (event) => {
    if (event.spin) { console.log(JSON.stringify([process.pid, child.pid])); for (;;); }
    return [process.pid, child.pid];
  };`;

describe.concurrent("environments", () => {
  test("eight at once start, answer, and leave no process", async () => {
    const sketches = Array.from({ length: 8 }, () =>
      FunctionUnderTest.start({ files: { "index.mjs": CODE }, timeoutSec: 30 }),
    );
    const functions = await Promise.all(sketches);
    const answers = await Promise.all(functions.map((f) => f.invoke()));
    const pids = answers.flatMap((answer) => answer.value as number[]);
    expect(new Set(pids).size).toBe(16);
    expect(pids.every(isRunning)).toBe(true);
    await Promise.all(functions.map((f) => f.end()));
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), 5_000);
  }, 30_000);

  test("end with an emulator that is killed, even one whose function blocks its event loop", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "pilotlight-test-"));
    await writeFile(path.join(folder, "index.mjs"), CODE);
    await writeFile(path.join(folder, "emulator.mjs"), emulatorSource(folder));
    const emulator = spawn(process.execPath, [path.join(folder, "emulator.mjs")], {
      stdio: ["ignore", "pipe", "inherit"],
      // A killed emulator leaves the folders of its environments behind.
      env: { ...process.env, TMPDIR: folder },
    });
    const pids = await reportedPids(emulator.stdout);
    expect(pids).toHaveLength(4);
    expect(pids.filter(isRunning)).toEqual(pids);
    emulator.kill("SIGKILL");
    await once(emulator, "exit");
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), 5_000);
    await rm(folder, { recursive: true, force: true });
  }, 30_000);
});

/** An emulator with two environments, one idle and one spinning, that prints what they run. */
function emulatorSource(folder: string): string {
  const environments = JSON.stringify(path.join(import.meta.dirname, "index.ts"));
  return `
    const { startEnvironment } = await import(${environments});
    const version = {
      functionName: "f", functionArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
      version: "$LATEST", handler: "index.handler", codeDirectory: ${JSON.stringify(folder)},
      memoryMb: 128, timeoutSec: 600, variables: {}, nodePath: [],
    };
    const listener = {
      onIdle() {}, onStopped() {},
      onLog(_environment, line) { if (line.endsWith("]")) console.log(line.split("\\t").at(-1)); },
    };
    const invocation = (event) => ({
      requestId: "r-1", invokedArn: version.functionArn, payload: Buffer.from(JSON.stringify(event)),
    });
    const { payload } = await startEnvironment({ version, listener }).invoke(invocation({}));
    console.log(Buffer.from(payload).toString());
    await startEnvironment({ version, listener }).invoke(invocation({ spin: true }));`;
}

/** Two lines, each a pair of process ids. */
async function reportedPids(output: NodeJS.ReadableStream): Promise<number[]> {
  const pids: number[] = [];
  for await (const line of createInterface({ input: output })) {
    if (line.startsWith("[")) pids.push(...(JSON.parse(line) as number[]));
    if (pids.length === 4) break;
  }
  return pids;
}
