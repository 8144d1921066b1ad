import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { invariant, LAMBDA_LIMITS, type Timers } from "@pilotlight/core";

import { realClock } from "../clock.ts";
import { type RuntimeAnswer, RuntimeApi } from "../runtime-api/index.ts";
import type {
  EnvironmentListener,
  EnvironmentPhase,
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
  InvocationOutcome,
} from "./contract.ts";
import { Flight } from "./flight.ts";
import { FunctionLog } from "./function-log.ts";
import { LogGate } from "./log-gate.ts";
import { logStreamName } from "./names.ts";
import {
  exitText,
  INVALID_RESPONSE_MODE,
  postedErrorType,
  type ProcessExit,
  RESPONSE_TOO_LARGE,
  RESPONSE_TRUNCATED,
  STREAM_TOO_LARGE,
  timeoutFailure,
} from "./outcome-text.ts";
import { PeakMemory } from "./peak-memory.ts";
import { type EnvironmentSignal, nextPhase } from "./phase.ts";
import { initReportLine, initStartLine, type Status } from "./report.ts";
import { RuntimeProcess } from "./runtime-process.ts";
import { environmentVariables, type InitializationType } from "./variables.ts";

export interface EnvironmentOptions {
  readonly version: FunctionVersion;
  readonly listener: EnvironmentListener;
  /**
   * Wall time, for the init limit, the function timeout and deadlines: these are never scaled.
   * @default realClock
   */
  readonly clock?: Timers;
  /** AWS endpoint of this emulator, exported to the function as AWS_ENDPOINT_URL. */
  readonly endpointUrl?: string;
  /** @default "on-demand" */
  readonly initializationType?: InitializationType;
}

/**
 * Starts an execution environment: a process of its own that runs AWS's Node runtime against a
 * Runtime API of its own.
 *
 * Its processes are not frozen between invocations, its memory is not limited, and /tmp is the folder
 * that TMPDIR names.
 *
 * @returns The environment in phase `initialising`; its init phase has begun.
 */
export function startEnvironment(options: EnvironmentOptions): ExecutionEnvironment {
  return new ProcessEnvironment(options);
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, read 2026-11-22. */
const PROVISIONED_INIT_SEC_MIN = 130;

const KILLED: ProcessExit = { kind: "signal", signal: "SIGKILL" };

class ProcessEnvironment implements ExecutionEnvironment {
  readonly id = randomUUID();
  readonly version: FunctionVersion;
  readonly startedAtEpochMs: number;
  readonly #listener: EnvironmentListener;
  readonly #clock: Timers;
  readonly #options: EnvironmentOptions;
  readonly #api: RuntimeApi;
  readonly #log: FunctionLog;
  readonly #logGate = new LogGate(() => this.#ready());
  readonly #memory: PeakMemory;
  readonly #logStreamName: string;
  readonly #started: Promise<void>;
  #phase: EnvironmentPhase = "initialising";
  #invocationCount = 0;
  #initDurationMs: number | undefined;
  #runtimeAddress = "";
  #temporaryDirectory: string | undefined;
  #process: RuntimeProcess | undefined;
  #processStartMs = 0;
  #flight: Flight | undefined;
  #cancelInitLimit: (() => void) | undefined;
  /** How the init phase went wrong; the exit of the process alone counts as an error. */
  #initStatus: Status | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.version = options.version;
    this.#listener = options.listener;
    this.#clock = options.clock ?? realClock;
    this.startedAtEpochMs = this.#clock.epochMs();
    this.#logStreamName = logStreamName(this.version.version, this.startedAtEpochMs);
    this.#memory = new PeakMemory(this.#clock);
    this.#log = new FunctionLog(
      (line) => this.#listener.onLog(this, line),
      () => this.#process?.flushLines(),
    );
    this.#api = new RuntimeApi({
      onNext: (isLogMarked) => this.#logGate.nextAsked(isLogMarked),
      onAnswer: (answer) => this.#answered(answer),
      onStream: (head) => (this.#phase === "invoking" ? this.#flight?.stream(head) : undefined),
      onInitError: (payload) => this.#initErrorPosted(payload),
    });
    this.#started = this.#start();
  }

  get phase(): EnvironmentPhase {
    return this.#phase;
  }

  get invocationCount(): number {
    return this.#invocationCount;
  }

  get initDurationMs(): number | undefined {
    return this.#initDurationMs;
  }

  invoke(invocation: Invocation): Promise<InvocationOutcome> {
    invariant(this.#flight === undefined, "an environment takes one invocation at a time");
    this.#signal("invoke");
    this.#invocationCount += 1;
    const flight = new Flight({
      invocation,
      version: this.version,
      clock: this.#clock,
      isColdStart: this.#invocationCount === 1,
    });
    this.#flight = flight;
    if (this.#phase === "invoking") this.#begin(flight);
    return flight.outcome;
  }

  stop(cause: string): Promise<void> {
    if (this.#stopping === undefined) {
      this.#signal("stop");
      this.#stopping = this.#end(cause);
    }
    return this.#stopping;
  }

  #signal(signal: EnvironmentSignal): void {
    const next = nextPhase(this.#phase, signal);
    invariant(next !== undefined, `an environment that is ${this.#phase} does not take ${signal}`);
    this.#phase = next;
  }

  async #start(): Promise<void> {
    try {
      this.#runtimeAddress = await this.#api.listen();
      this.#temporaryDirectory = await mkdtemp(path.join(tmpdir(), "pilotlight-environment-"));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      void this.stop(`the environment could not start: ${reason}`);
    }
    if (this.#phase === "initialising") this.#startInitPhase();
  }

  #startInitPhase(): void {
    const { initSecMax, timeoutSecMax } = LAMBDA_LIMITS;
    const limitSec =
      this.#options.initializationType === "provisioned-concurrency"
        ? Math.min(timeoutSecMax, Math.max(PROVISIONED_INIT_SEC_MIN, this.version.timeoutSec))
        : initSecMax;
    this.#startProcess();
    this.#cancelInitLimit = this.#clock.after(limitSec * 1000, () => {
      this.#initStatus = { kind: "timeout" };
      this.#process?.kill();
    });
  }

  #startProcess(): void {
    this.#processStartMs = this.#clock.monotonicMs();
    this.#log.write(initStartLine(this.version.functionArn));
    this.#process = new RuntimeProcess({
      handler: this.version.handler,
      codeDirectory: this.version.codeDirectory,
      variables: environmentVariables({
        version: this.version,
        runtimeApi: this.#runtimeAddress,
        logStreamName: this.#logStreamName,
        temporaryDirectory: this.#temporaryDirectory ?? tmpdir(),
        initializationType: this.#options.initializationType ?? "on-demand",
        endpointUrl: this.#options.endpointUrl,
      }),
      clock: this.#clock,
      onLog: (line) => this.#log.write(line),
      onLogMark: () => this.#logGate.logMarked(),
      onExit: (exit) => this.#exited(exit),
    });
    const { channel } = this.#process;
    if (channel !== undefined) this.#api.connect(channel);
  }

  /** The caller's time begins here, not with the init phase before it. */
  #begin(flight: Flight): void {
    if (this.#process === undefined) this.#startProcess();
    else this.#api.offer(flight.event);
    flight.begin(this.#log, () => this.#timedOut(flight));
  }

  #ready(): void {
    // A process that ended right after it asked will take nothing any more.
    if (this.#process === undefined || this.#process.hasExited) return;
    const flight = this.#flight;
    if (this.#phase === "initialising") {
      this.#cancelInitLimit?.();
      this.#initDurationMs = this.#clock.monotonicMs() - this.#processStartMs;
      this.#memory.of(this.#process.pid);
      this.#signal("ready");
      this.#becomeIdle(flight);
    } else if (this.#phase === "invoking" && flight !== undefined) {
      this.#signal("ready");
      this.#api.offer(flight.event);
    } else if (this.#phase === "answered" && flight !== undefined) {
      this.#signal("ready");
      this.#finish(flight);
      this.#becomeIdle(undefined);
    }
  }

  /** An invocation that has waited for the init phase goes first. */
  #becomeIdle(waiting: Flight | undefined): void {
    if (waiting === undefined) {
      this.#listener.onIdle(this);
      return;
    }
    this.#signal("invoke");
    this.#begin(waiting);
  }

  #answered(answer: RuntimeAnswer): void {
    const flight = this.#flight;
    if (this.#phase !== "invoking" || flight === undefined) return;
    this.#signal("answer");
    switch (answer.kind) {
      case "response":
        return flight.settle({ payload: answer.payload, isFunctionError: false });
      case "error":
        return flight.settle({ payload: answer.payload, isFunctionError: true });
      case "streamed":
        return flight.settle({ payload: new Uint8Array(), isFunctionError: false });
      case "too_large":
        return flight.fail(RESPONSE_TOO_LARGE);
      case "stream_too_large":
        return flight.fail(STREAM_TOO_LARGE);
      case "truncated":
        return flight.fail(RESPONSE_TRUNCATED);
      case "invalid_response_mode":
        return flight.fail(INVALID_RESPONSE_MODE);
    }
  }

  #initErrorPosted(payload: Buffer): void {
    const status: Status = { kind: "error", errorType: postedErrorType(payload) };
    if (this.#phase === "initialising") this.#initStatus = status;
    const flight = this.#flight;
    if (this.#phase !== "invoking" || flight === undefined) return;
    this.#signal("answer");
    flight.status = status;
    flight.settle({ payload, isFunctionError: true });
  }

  #timedOut(flight: Flight): void {
    if (this.#phase !== "invoking" && this.#phase !== "answered") return;
    this.#memory.of(this.#process?.pid);
    if (this.#phase === "invoking") {
      const { requestId } = flight.invocation;
      const at = new Date(this.#clock.epochMs()).toISOString();
      const seconds = this.version.timeoutSec.toFixed(2);
      flight.failureLines = [`${at} ${requestId} Task timed out after ${seconds} seconds`];
      flight.status = { kind: "timeout" };
      flight.fail(timeoutFailure(requestId, this.version.timeoutSec));
    }
    this.#signal("lost");
    this.#process?.kill();
  }

  #exited(exit: ProcessExit): void {
    this.#cancelInitLimit?.();
    if (this.#phase === "idle") {
      this.#signal("lost");
      this.#stopping = this.#end(`its process ended while idle: ${exitText(exit)}`);
      return;
    }
    // An answer may still be on its way from a process that ended right after it.
    const ended = this.#process;
    void Promise.all([ended?.gone, this.#api.disconnected()]).then(() => {
      if (this.#phase !== "stopped") this.#processGone(exit);
    });
  }

  #processGone(exit: ProcessExit): void {
    this.#forgetProcess();
    const flight = this.#flight;
    if (this.#phase === "initialising") {
      const status = this.#initStatus ?? { kind: "error", errorType: "Runtime.ExitError" };
      const durationMs = this.#clock.monotonicMs() - this.#processStartMs;
      this.#log.write(initReportLine(durationMs, status));
      this.#signal("init_failed");
      this.#signal("reset");
      this.#becomeIdle(flight);
      return;
    }
    if (flight !== undefined && this.#phase === "invoking") flight.failWithExit(exit);
    if (this.#phase !== "resetting") this.#signal("lost");
    if (flight !== undefined) this.#finish(flight);
    this.#log.flush();
    this.#signal("reset");
    this.#becomeIdle(undefined);
  }

  #forgetProcess(): void {
    this.#process = undefined;
    this.#logGate.reset();
    this.#api.reset();
  }

  #finish(flight: Flight): void {
    this.#flight = undefined;
    const pid = this.#process?.pid;
    flight.finish({
      memoryMbMax: this.#memory.of(pid) ?? this.version.memoryMb,
      initDurationMs: flight.isColdStart ? this.#reportedInitMs() : undefined,
    });
  }

  #reportedInitMs(): number | undefined {
    const isOnDemand = this.#options.initializationType !== "provisioned-concurrency";
    return isOnDemand ? this.#initDurationMs : undefined;
  }

  /** Nothing of the environment is left when this settles. */
  async #end(cause: string): Promise<void> {
    this.#cancelInitLimit?.();
    this.#process?.kill();
    const flight = this.#flight;
    if (flight !== undefined && !flight.isSettled) flight.failWithExit(KILLED);
    await this.#started;
    await this.#process?.gone;
    if (flight !== undefined) this.#finish(flight);
    this.#log.flush();
    this.#process = undefined;
    await this.#api.close();
    await this.#removeTemporaryDirectory();
    this.#listener.onStopped(this, cause);
  }

  /** A folder that stays is told of, and keeps nobody from stopping. */
  async #removeTemporaryDirectory(): Promise<void> {
    if (this.#temporaryDirectory === undefined) return;
    try {
      await rm(this.#temporaryDirectory, { recursive: true, force: true });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#listener.onLog(this, `The emulator could not remove the function's /tmp: ${reason}`);
    }
  }
}
