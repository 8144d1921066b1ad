import type { Fault } from "../faults/contract.ts";

/** The least level of what Lambda itself logs. */
export type SystemLogLevel = "DEBUG" | "INFO" | "WARN";

/** How a function's log is written. */
export interface LogSettings {
  readonly format: "JSON" | "Text";
  /** Of the function's own log; only with JSON. */
  readonly applicationLevel?: string | undefined;
  /** Only with JSON. */
  readonly systemLevel?: SystemLogLevel | undefined;
  /** @default "/aws/lambda/" and the function's name */
  readonly group?: string | undefined;
}

/** The settings of one function version, as they are when an environment of it starts. */
export interface FunctionVersion {
  readonly functionName: string;
  /** Unqualified: `arn:aws:lambda:us-east-1:000000000000:function:name`. */
  readonly functionArn: string;
  /** `$LATEST` or a number. */
  readonly version: string;
  /** `file.export`, as Lambda's Handler. */
  readonly handler: string;
  /** Absolute path of the unpacked code: what AWS mounts at /var/task. */
  readonly codeDirectory: string;
  readonly memoryMb: number;
  readonly timeoutSec: number;
  /** Variables that the user set. */
  readonly variables: Readonly<Record<string, string>>;
  /** Search path of what AWS would find in layers under /opt (NODE_PATH entries). */
  readonly nodePath: readonly string[];
  /**
   * Absolute paths of the unpacked layers in AWS's order: a file of a later one takes the place of the same
   * file of an earlier one. Together they are what AWS mounts at /opt.
   */
  readonly layerDirectories?: readonly string[];
  /** @default text */
  readonly logging?: LogSettings | undefined;
}

/** One event on its way to a function. */
export interface Invocation {
  readonly requestId: string;
  /** As the caller named it: with the qualifier, if there was one. */
  readonly invokedArn: string;
  readonly payload: Uint8Array;
  /**
   * As the caller of Invoke gave it: the runtime gets it, though the payload is JSON whatever it says.
   * @default "application/json"
   */
  readonly contentType?: string;
  /** Decoded JSON of X-Amz-Client-Context. */
  readonly clientContext?: string;
  readonly traceId?: string;
  /** Where the parts of a streamed response go; without one they are put together and answered as one. */
  readonly responseSink?: ResponseSink;
  /** Strikes this invocation; kinds that are no fault of an environment have no effect. */
  readonly fault?: Fault;
}

/** Takes a streamed response as it comes from the function. */
export interface ResponseSink {
  /** The function has begun to stream. */
  start(head: { readonly contentType: string }): void;
  /** @returns Settles when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
}

/** How an invocation ended. */
export interface InvocationOutcome {
  readonly payload: Uint8Array;
  /**
   * Whether the response went into the sink; `payload` is then empty, or, where the function failed
   * midway, the error.
   */
  readonly isStreamed?: boolean;
  /** Whether the caller sees `X-Amz-Function-Error: Unhandled`. */
  readonly isFunctionError: boolean;
  /** Whether this was the environment's first invocation. */
  readonly isColdStart: boolean;
  readonly durationMs: number;
  /** Last 4 KB of the invocation's log, START to REPORT; it settles after the payload does. */
  readonly logTail: Promise<Uint8Array>;
}

/** Where an environment is in its life; docs/emulator-fidelity.md has the picture. */
export type EnvironmentPhase =
  | "initialising"
  | "idle"
  | "invoking"
  | "answered"
  | "resetting"
  | "stopped";

/** What the pool of a function sees of one execution environment. */
export interface ExecutionEnvironment {
  readonly id: string;
  readonly version: FunctionVersion;
  readonly phase: EnvironmentPhase;
  readonly invocationCount: number;
  readonly startedAtEpochMs: number;
  readonly initDurationMs: number | undefined;
  /**
   * Runs one invocation; only one at a time, and only while `phase` is initialising (the first
   * invocation waits for the init phase) or idle.
   *
   * It settles as soon as the answer is there: the environment is free again only when `onIdle` is
   * called. It never rejects: crashes, timeouts and init errors are outcomes.
   */
  invoke(invocation: Invocation): Promise<InvocationOutcome>;
  /**
   * Ends the processes, with the shutdown phase; settles when no process is left.
   *
   * @param options.budgetMsMax - Extensions have AWS's 500 ms or 2,000 ms to end, or this if it is less.
   */
  stop(cause: string, options?: { readonly budgetMsMax?: number }): Promise<void>;
}

/** What an environment tells its pool. */
export interface EnvironmentListener {
  /** The environment can take another invocation (its process asked for the next one, or it was reset). */
  onIdle(environment: ExecutionEnvironment): void;
  /** The environment has ended and will take nothing more. */
  onStopped(environment: ExecutionEnvironment, cause: string): void;
  /** A line of the function's log, as CloudWatch would get it (START, console lines, END, REPORT). */
  onLog(environment: ExecutionEnvironment, line: string): void;
}
