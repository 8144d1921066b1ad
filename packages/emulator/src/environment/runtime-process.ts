import { createRequire } from "node:module";
import path from "node:path";
import type { Duplex, Readable } from "node:stream";

import { LogFrames } from "./log-frames.ts";
import {
  type CommandLine,
  MESSAGE_BYTES_MAX,
  ProcessGroup,
  type ProcessGroupOptions,
} from "./process-group.ts";
import { CHANNEL_FD, LOG_FD } from "./variables.ts";

/** AWS's own runtime for Node; it is only ever started, never imported. */
const RUNTIME = createRequire(import.meta.url).resolve("aws-lambda-ric");
const RUNTIME_CLIENT = path.join(import.meta.dirname, "runtime-client.cjs");

export interface RuntimeProcessOptions extends Pick<
  ProcessGroupOptions,
  "directory" | "variables" | "clock" | "onExit"
> {
  readonly handler: string;
  /** Puts the command into its own view of the file system. */
  readonly wrap: (command: CommandLine) => CommandLine;
  /** A message of the function's log, or a line of its standard output or error. */
  readonly onLog: (line: string) => void;
  /** Everything that was logged before the runtime asked for its next event has been read. */
  readonly onLogMark: () => void;
}

/** The runtime of an environment: Node with aws-lambda-ric. */
export class RuntimeProcess extends ProcessGroup {
  constructor({ handler, wrap, onLogMark, ...options }: RuntimeProcessOptions) {
    const wrapper = options.variables["AWS_LAMBDA_EXEC_WRAPPER"];
    super({
      ...options,
      ...wrap(commandLine(handler, wrapper)),
      // 3 is the log descriptor; 4 closes when the emulator ends, however it ends. 5 is the channel:
      // a wrapper may put itself between the runtime and its API, so it then speaks HTTP only.
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", ...(wrapper ? [] : ["pipe" as const])],
    });
    const frames = new LogFrames(
      { onMessage: options.onLog, onMark: onLogMark },
      { messageBytesMax: MESSAGE_BYTES_MAX },
    );
    const log = this.child?.stdio[LOG_FD] as Readable | undefined;
    log?.on("data", (bytes: Buffer) => frames.push(bytes));
  }

  /** The channel to our own runtime client; there is none where a wrapper starts the runtime. */
  get channel(): Duplex | undefined {
    const stdio: readonly unknown[] = this.child?.stdio ?? [];
    return stdio[CHANNEL_FD] as Duplex | undefined;
  }
}

/**
 * A wrapper gets the command of the runtime as its arguments; a shell starts it, so that a missing
 * one ends the process with status 127, as in AWS.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
 */
function commandLine(handler: string, wrapper: string | undefined): CommandLine {
  const runtime = ["--require", RUNTIME_CLIENT, RUNTIME, handler];
  if (!wrapper) return { command: process.execPath, args: runtime };
  return {
    command: "/bin/sh",
    args: ["-c", 'exec "$0" "$@"', wrapper, process.execPath, ...runtime],
  };
}
