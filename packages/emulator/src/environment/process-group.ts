import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";

import type { Timers } from "@pilotlight/core";

import { LineSplitter } from "./line-splitter.ts";
import { OrphanGuard } from "./orphan-guard.ts";
import type { ProcessExit } from "./outcome-text.ts";

/** All environments of this process share one. */
const ORPHAN_GUARD = new OrphanGuard();

/** Longest message that goes into the log in one piece. */
export const MESSAGE_BYTES_MAX = 262_144;

/**
 * How long to wait for what a process sent before it ended. It is there at once, unless the function gave
 * its output, or its connection, to a process that left the group.
 */
export const DRAIN_MS_MAX = 250;

/** What is to be started. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

export interface ProcessGroupOptions extends CommandLine {
  readonly directory: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
  readonly clock: Timers;
  /** A line of its standard output or error. */
  readonly onLog: (line: string) => void;
  /** The process has ended; what it wrote may still be on its way. */
  readonly onExit: (exit: ProcessExit) => void;
}

/**
 * A process that leads a process group of its own, so that what it starts can be stopped, continued and
 * ended with it.
 */
export class ProcessGroup {
  /** Settles when the process has ended. */
  readonly exited: Promise<void>;
  /** Settles when the process has ended and all that it wrote has been read. */
  readonly gone: Promise<void>;
  readonly child: ChildProcess | undefined;
  readonly #splitters: LineSplitter[] = [];
  #hasExited = false;

  constructor(options: ProcessGroupOptions) {
    const ending = Promise.withResolvers<void>();
    const draining = Promise.withResolvers<void>();
    this.exited = ending.promise;
    this.gone = draining.promise;
    const exited = (exit: ProcessExit) => {
      if (this.#hasExited) return;
      // What the process has started ends with it; after that, its number may be given to others.
      this.signal("SIGKILL");
      this.#hasExited = true;
      void this.#drain(options.clock).then(draining.resolve);
      ending.resolve();
      options.onExit(exit);
    };
    this.child = spawned(options, exited);
    if (this.child === undefined) return;
    if (this.child.pid !== undefined) ORPHAN_GUARD.add(this.child.pid);
    this.child.on("error", (error) => exited({ kind: "unstartable", reason: error.message }));
    this.child.on("exit", (code, signal) => {
      exited(signal === null ? { kind: "code", code: code ?? 0 } : { kind: "signal", signal });
    });
    for (const output of [this.child.stdout, this.child.stderr]) {
      const splitter = new LineSplitter(options.onLog, { lineCharsMax: MESSAGE_BYTES_MAX });
      this.#splitters.push(splitter);
      output?.on("data", (bytes: Buffer) => splitter.push(bytes));
    }
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Sends a signal to the whole group; one that has ended takes none. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.pid;
    if (pid === undefined || this.#hasExited) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (!isNobodyLeft(error)) throw error;
    }
  }

  /** Brings out lines that have no line feed yet. */
  flushLines(): void {
    for (const splitter of this.#splitters) splitter.flush();
  }

  async #drain(clock: Timers): Promise<void> {
    const child = this.child;
    if (child === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once("close", () => resolve());
    const cancel = clock.after(DRAIN_MS_MAX, resolve);
    await promise;
    cancel();
    for (const stream of child.stdio) stream?.destroy();
    this.flushLines();
    if (child.pid !== undefined) await ORPHAN_GUARD.remove(child.pid);
  }
}

function spawned(
  { command, args, directory, variables, stdio }: ProcessGroupOptions,
  exited: (exit: ProcessExit) => void,
): ChildProcess | undefined {
  try {
    return spawn(command, args, { cwd: directory, env: variables, detached: true, stdio });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    queueMicrotask(() => exited({ kind: "unstartable", reason }));
    return undefined;
  }
}

/** ESRCH says so on every system; macOS says EPERM of a group whose processes wait to be collected. */
function isNobodyLeft(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM")
  );
}
