import { execFile, fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

import { formatBytes } from "@pilotlight/core";

/** What a child process may use. */
export interface ProcessBounds {
  readonly timeoutMs: number;
  /** Resident memory, bytes. */
  readonly memoryBytes: number;
  /** A folder of its own, for whatever it or its libraries write; it is home and temporary folder to it. */
  readonly folder: string;
}

/** What a child process tells: what it is at, or what came of it. */
export type ChildMessage<Answer> =
  | { readonly kind: "step"; readonly step: string }
  | { readonly kind: "answer"; readonly answer: Answer };

/** What came of a child process. */
export type BoundedOutcome<Answer> =
  | { readonly kind: "answered"; readonly answer: Answer }
  /** It crashed, or used more than it may; `reason` is for people. */
  | { readonly kind: "lost"; readonly reason: string };

const MEMORY_PERIOD_MS = 50;
const ERROR_TEXT_CHARS = 500;

/**
 * Asks a child process one question, so that a crash of native code, or its thirst for memory, ends that process only.
 *
 * Memory is bounded by looking, since the limits of V8 do not count what native code takes.
 *
 * @param entry - A module that answers the first message with {@link ChildMessage}s.
 */
export async function askProcess<Answer>(
  entry: URL,
  question: object,
  bounds: ProcessBounds,
): Promise<BoundedOutcome<Answer>> {
  const child = start(entry, bounds.folder);
  let step = "starting";
  let answer: { readonly value: Answer } | undefined;
  let refusal: string | undefined;
  let errorText = "";
  const stop = (reason?: string): void => {
    refusal ??= reason;
    child.kill("SIGKILL");
  };
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errorText = (errorText + text).slice(-ERROR_TEXT_CHARS);
  });
  child.on("message", (message: ChildMessage<Answer>) => {
    if (message.kind === "step") ({ step } = message);
    else answer = { value: message.answer };
    if (answer !== undefined) stop();
  });
  const timer = setTimeout(() => {
    stop(`${step} took longer than ${bounds.timeoutMs / 1000} s`);
  }, bounds.timeoutMs);
  const watch = setInterval(() => {
    void residentBytes(child.pid).then((bytes) => {
      const allowed = formatBytes(bounds.memoryBytes);
      if (bytes > bounds.memoryBytes) stop(`${step} took more than ${allowed} of memory`);
    });
  }, MEMORY_PERIOD_MS);
  const ended = once(child, "close");
  child.send(question, (error) => {
    if (error !== null) stop(`its process could not be asked: ${error.message}`);
  });
  const [code, signal] = (await ended.finally(() => {
    clearTimeout(timer);
    clearInterval(watch);
  })) as [number | null, string | null];
  if (answer !== undefined) return { kind: "answered", answer: answer.value };
  const said = errorText.trim() === "" ? "" : `: ${errorText.trim()}`;
  const end =
    signal === null ? `its process ended with code ${code}` : `its process crashed (${signal})`;
  return { kind: "lost", reason: refusal ?? `${end} while ${step}${said}` };
}

function start(entry: URL, folder: string): ChildProcess {
  const { NODE_OPTIONS: _ignored, ...environment } = process.env;
  return fork(entry, {
    // What the parent runs under (a test runner's hooks, a debugger) is not for the child.
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    cwd: folder,
    env: {
      ...environment,
      ORT_DISABLE_TELEMETRY: "1",
      HOME: folder,
      TMPDIR: folder,
      XDG_CACHE_HOME: folder,
    },
  });
}

/** @see proc_pid_status(5), VmRSS; `ps -o rss` counts in the same KB. */
async function residentBytes(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  if (existsSync("/proc/self/status")) {
    // A process that has just ended has no file, and uses nothing.
    const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
    return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  }
  return await new Promise((resolve) => {
    execFile("ps", ["-o", "rss=", "-p", String(pid)], (_error, text) => {
      resolve(Number(text.trim()) * 1024);
    });
  });
}
