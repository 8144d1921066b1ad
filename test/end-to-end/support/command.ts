import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { REPOSITORY } from "./repository.ts";
import { eventually } from "./eventually.ts";

const MAIN = join(REPOSITORY, "packages/cli/bin/pilotlight.js");

/** How a command ended. */
export interface CommandEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface RunningCommand {
  readonly pid: number;
  /** What it has printed to its standard output, line by line. */
  readonly lines: readonly string[];
  /** Settles when it has ended and closed its output. */
  readonly ended: Promise<CommandEnd>;
  kill(signal: NodeJS.Signals): void;
}

interface CommandOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** Program; by default the Node that runs this test, on the command line of Pilotlight. */
  readonly program?: string;
}

/** Starts `pilotlight` (or another program) in the repository. */
export function startCommand(
  commandArguments: readonly string[],
  { variables = {}, program }: CommandOptions = {},
): RunningCommand {
  const file = program ?? process.execPath;
  const before = program === undefined ? [MAIN] : [];
  const child = spawn(file, [...before, ...commandArguments], {
    cwd: REPOSITORY,
    env: {
      ...process.env,
      PILOTLIGHT_API_PORT: "0",
      PILOTLIGHT_AWS_PORT: "0",
      NO_COLOR: "1",
      ...variables,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  createInterface(child.stderr).on("line", (line) => errors.push(line));
  const ended = once(child, "close").then(([status, signal]) => ({
    status: status as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout: lines.join("\n"),
    stderr: errors.join("\n"),
  }));
  return { pid: child.pid ?? 0, lines, ended, kill: (signal) => child.kill(signal) };
}

/** Runs a command to its end. */
export async function runCommand(
  commandArguments: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  return await startCommand(commandArguments, options).ended;
}

/** Waits for the ready line of `pilotlight dev`. */
export async function untilReady(command: RunningCommand): Promise<{ api: string; aws: string }> {
  const end = { status: undefined as CommandEnd | undefined };
  void command.ended.then((status) => (end.status = status));
  const line = await eventually("the ready line", () => {
    if (end.status !== undefined) {
      throw new Error(`it ended first:\n${end.status.stdout}\n${end.status.stderr}`);
    }
    return command.lines.find((text) => text.startsWith('{"event":"ready"'));
  });
  return JSON.parse(line) as { api: string; aws: string };
}
