import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";

import type { Timers } from "@pilotlight/core";

import { LineSplitter } from "../environment/line-splitter.ts";
import { OrphanGuard } from "../environment/orphan-guard.ts";
import type { ContainerHost, ContainerProcess } from "./contract.ts";

/** All containers of this process share one. */
const ORPHAN_GUARD = new OrphanGuard();

const LINE_CHARS_MAX = 262_144;

/** How long to wait for the output of a process that has ended, real time. */
const DRAIN_MS_MAX = 250;

const PASSING_STATUS = { min: 200, max: 399 };

/** Runs containers as processes of this machine. @param timers - Real time. */
export function processHost(timers: Timers): ContainerHost {
  return {
    freePort,
    start: (options) => new ContainerGroup(options, timers),
    check: (url, timeoutMs) => check(url, { timeoutMs, timers }),
  };
}

/** The process group of one task. */
class ContainerGroup implements ContainerProcess {
  readonly pid: number | undefined;
  readonly gone: Promise<void>;

  constructor(
    { definition, port, onOutput, onExit }: Parameters<ContainerHost["start"]>[0],
    timers: Timers,
  ) {
    const [program, ...parameters] = definition.command;
    const child = spawn(program, parameters, {
      cwd: definition.workingDirectory,
      env: { ...definition.variables, PORT: String(port) },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.pid = child.pid;
    if (child.pid !== undefined) ORPHAN_GUARD.add(child.pid);
    const splitters = [child.stdout, child.stderr].map((output) => {
      const splitter = new LineSplitter(onOutput, { lineCharsMax: LINE_CHARS_MAX });
      output.on("data", (bytes: Buffer) => splitter.push(bytes));
      return splitter;
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    const exited = (reason: string) => {
      // What the process has started ends with it, as in a container.
      this.kill();
      void drained(child, timers).then(async () => {
        for (const splitter of splitters) splitter.flush();
        if (child.pid !== undefined) await ORPHAN_GUARD.remove(child.pid);
        resolve();
      });
      onExit(reason);
    };
    child.once("exit", (code, signal) => {
      exited(signal === null ? `exited with status ${code ?? 0}` : `was ended by ${signal}`);
    });
    child.once("error", (error) => {
      // A process that was started emits its exit as well.
      if (child.pid === undefined) exited(`could not be started: ${error.message}`);
    });
  }

  terminate(): void {
    this.#send("SIGTERM");
  }

  kill(): void {
    this.#send("SIGKILL");
  }

  #send(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if (!isNobodyLeft(error)) throw error;
    }
  }
}

/** Settles when all output has been read, or after a moment: a process that left the group may hold it open. */
async function drained(child: ChildProcess, timers: Timers): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once("close", () => resolve());
  const cancel = timers.after(DRAIN_MS_MAX, resolve);
  await promise;
  cancel();
  for (const stream of child.stdio) stream?.destroy();
}

/** The port is free at this moment; nothing keeps another program from taking it before the container does. */
async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    server.close(() => resolve(port));
  });
  return promise;
}

async function check(
  url: string,
  { timeoutMs, timers }: { timeoutMs: number; timers: Timers },
): Promise<boolean> {
  const abort = new AbortController();
  const cancel = timers.after(timeoutMs, () => abort.abort());
  try {
    const response = await fetch(url, { signal: abort.signal, redirect: "manual" });
    await response.body?.cancel();
    return response.status >= PASSING_STATUS.min && response.status <= PASSING_STATUS.max;
  } catch {
    // A refused connection and an answer that does not come in time are what a check looks for.
    return false;
  } finally {
    cancel();
  }
}

/** ESRCH says so on every system; macOS says EPERM of a group whose processes wait to be collected. */
function isNobodyLeft(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM")
  );
}
