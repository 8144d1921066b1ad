import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import type { Duplex, Readable } from "node:stream";

import type { Timers } from "@pilotlight/core";

import { LineSplitter } from "./line-splitter.ts";
import { LogFrames } from "./log-frames.ts";
import { OrphanGuard } from "./orphan-guard.ts";
import type { ProcessExit } from "./outcome-text.ts";
import { CHANNEL_FD, LOG_FD } from "./variables.ts";

/** AWS's own runtime for Node; it is only ever started, never imported. */
const RUNTIME = createRequire(import.meta.url).resolve("aws-lambda-ric");
const RUNTIME_CLIENT = path.join(import.meta.dirname, "runtime-client.cjs");

/** All environments of this process share one. */
const ORPHAN_GUARD = new OrphanGuard();

/** Longest message that goes into the log in one piece. */
const MESSAGE_BYTES_MAX = 262_144;

/**
 * How long to wait for the output of a process that has ended. It is there at once, unless the
 * function gave its output to a process that left the group.
 */
const DRAIN_MS_MAX = 250;

export interface RuntimeProcessOptions {
  readonly handler: string;
  readonly codeDirectory: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly clock: Timers;
  /** A message of the function's log, or a line of its standard output or error. */
  readonly onLog: (line: string) => void;
  /** Everything that was logged before the runtime asked for its next event has been read. */
  readonly onLogMark: () => void;
  /** The process has ended; what it wrote may still be on its way. */
  readonly onExit: (exit: ProcessExit) => void;
}

/**
 * The process of an environment: Node with aws-lambda-ric, leader of a process group of its own, so
 * that what the function starts can be ended with it.
 */
export class RuntimeProcess {
  /** Settles when the process has ended and all that it wrote, also into its channel, has been read. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess | undefined;
  readonly #splitters: LineSplitter[] = [];
  #hasExited = false;

  constructor(options: RuntimeProcessOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    const exited = (exit: ProcessExit) => {
      if (this.#hasExited) return;
      this.#hasExited = true;
      this.kill();
      void this.#drain(options.clock).then(resolve);
      options.onExit(exit);
    };
    this.#child = spawned(options, exited);
    if (this.#child === undefined) return;
    if (this.#child.pid !== undefined) ORPHAN_GUARD.add(this.#child.pid);
    this.#child.on("error", (error) => exited({ kind: "unstartable", reason: error.message }));
    this.#child.on("exit", (code, signal) => {
      exited(signal === null ? { kind: "code", code: code ?? 0 } : { kind: "signal", signal });
    });
    this.#readOutput(this.#child, options);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The channel to our own runtime client; there is none where a wrapper starts the runtime. */
  get channel(): Duplex | undefined {
    const stdio: readonly unknown[] = this.#child?.stdio ?? [];
    return stdio[CHANNEL_FD] as Duplex | undefined;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Ends the whole process group at once. */
  kill(): void {
    const pid = this.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error) {
      if (!isNobodyLeft(error)) throw error;
    }
  }

  /** Brings out lines that have no line feed yet. */
  flushLines(): void {
    for (const splitter of this.#splitters) splitter.flush();
  }

  #readOutput(child: ChildProcess, { onLog, onLogMark }: RuntimeProcessOptions): void {
    const frames = new LogFrames(
      { onMessage: onLog, onMark: onLogMark },
      { messageBytesMax: MESSAGE_BYTES_MAX },
    );
    (child.stdio[LOG_FD] as Readable).on("data", (bytes: Buffer) => frames.push(bytes));
    for (const output of [child.stdout, child.stderr]) {
      const splitter = new LineSplitter(onLog, { lineCharsMax: MESSAGE_BYTES_MAX });
      this.#splitters.push(splitter);
      output?.on("data", (bytes: Buffer) => splitter.push(bytes));
    }
  }

  async #drain(clock: Timers): Promise<void> {
    const child = this.#child;
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
  { handler, codeDirectory, variables }: RuntimeProcessOptions,
  exited: (exit: ProcessExit) => void,
): ChildProcess | undefined {
  const wrapper = variables["AWS_LAMBDA_EXEC_WRAPPER"];
  const { command, args } = commandLine(handler, wrapper);
  try {
    return spawn(command, args, {
      cwd: codeDirectory,
      env: variables,
      detached: true,
      // 3 is the log descriptor; 4 closes when the emulator ends, however it ends. 5 is the channel:
      // a wrapper may put itself between the runtime and its API, so it then speaks HTTP only.
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", ...(wrapper ? [] : ["pipe" as const])],
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    queueMicrotask(() => exited({ kind: "unstartable", reason }));
    return undefined;
  }
}

/**
 * A wrapper gets the command of the runtime as its arguments; a shell starts it, so that a missing
 * one ends the process with status 127, as in AWS.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
 */
function commandLine(
  handler: string,
  wrapper: string | undefined,
): { command: string; args: string[] } {
  const runtime = ["--require", RUNTIME_CLIENT, RUNTIME, handler];
  if (!wrapper) return { command: process.execPath, args: runtime };
  return {
    command: "/bin/sh",
    args: ["-c", 'exec "$0" "$@"', wrapper, process.execPath, ...runtime],
  };
}

/** ESRCH says so on every system; macOS says EPERM of a group whose processes wait to be collected. */
function isNobodyLeft(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM")
  );
}
