import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";

import { invariant, type Timers } from "@pilotlight/core";

import { realClock } from "../clock.ts";
import { type RuntimeAnswer, RuntimeApi, type ShutdownReason } from "../runtime-api/index.ts";
import type {
  EnvironmentListener,
  EnvironmentPhase,
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
  InvocationOutcome,
} from "./contract.ts";
import { EnvironmentMemory } from "./environment-memory.ts";
import type { EnvironmentOptions } from "./environment-options.ts";
import { strikeInit, strikeInvocation } from "./fault-effect.ts";
import { Flight } from "./flight.ts";
import { FunctionLog } from "./function-log.ts";
import { LogGate } from "./log-gate.ts";
import { idleLossText, lossFailure } from "./loss-text.ts";
import { functionIdentity, logStreamName } from "./names.ts";
import { initLimitMs } from "./init-limit.ts";
import { postedErrorType } from "./outcome-text.ts";
import { type EnvironmentSignal, nextPhase } from "./phase.ts";
import { type Loss, ProcessDomain } from "./process-domain.ts";
import { initReportLine, initStartLine, type Status } from "./report.ts";
import { SandboxFolders } from "./sandbox-folders.ts";
import { environmentVariables } from "./variables.ts";

/**
 * Starts an execution environment: processes of its own that run AWS's Node runtime, and the extensions of
 * its layers, against a Runtime API of its own.
 *
 * @returns The environment in phase `initialising`; its init phase has begun.
 */
export function startEnvironment(options: EnvironmentOptions): ExecutionEnvironment {
  return new ProcessEnvironment(options);
}

const KILLED: Loss = { kind: "runtime", exit: { kind: "signal", signal: "SIGKILL" } };

class ProcessEnvironment implements ExecutionEnvironment {
  readonly id = randomUUID();
  readonly version: FunctionVersion;
  readonly startedAtEpochMs: number;
  readonly #listener: EnvironmentListener;
  readonly #clock: Timers;
  readonly #options: EnvironmentOptions;
  readonly #api: RuntimeApi;
  readonly #log: FunctionLog;
  readonly #logGate = new LogGate(() => this.#runtimeReady());
  readonly #memory: EnvironmentMemory;
  readonly #logStreamName: string;
  readonly #started: Promise<void>;
  #phase: EnvironmentPhase = "initialising";
  #invocationCount = 0;
  #initDurationMs: number | undefined;
  #runtimeAddress = "";
  #folders: SandboxFolders | undefined;
  #domain: ProcessDomain | undefined;
  #domainStartMs = 0;
  /** Whether the init of the processes that run now is over. */
  #isInitialised = false;
  /** Whether the runtime waits for an event. */
  #isRuntimeReady = false;
  #flight: Flight | undefined;
  #cancelInitLimit: (() => void) | undefined;
  /** How the init phase went wrong; the end of a process alone counts as an error. */
  #initStatus: Status | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.version = options.version;
    this.#listener = options.listener;
    this.#clock = options.clock ?? realClock;
    this.startedAtEpochMs = this.#clock.epochMs();
    this.#logStreamName = logStreamName(this.version.version, this.startedAtEpochMs);
    this.#memory = new EnvironmentMemory({
      name: this.id,
      limitMb: this.version.memoryMb,
      limit: options.memoryLimit ?? "watchdog",
      clock: this.#clock,
      onFallback: (line) => this.#tell(line),
    });
    this.#log = new FunctionLog(
      (line) => this.#tell(line),
      () => this.#domain?.runtime?.flushLines(),
    );
    this.#api = this.#makeApi();
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
    const isColdStart = this.#invocationCount === 1;
    const flight = new Flight({
      invocation,
      version: this.version,
      clock: this.#clock,
      isColdStart,
      fault: isColdStart ? this.#options.fault : undefined,
    });
    this.#flight = flight;
    if (this.#phase === "invoking") this.#begin(flight);
    return flight.outcome;
  }

  stop(cause: string, { budgetMsMax }: { readonly budgetMsMax?: number } = {}): Promise<void> {
    if (this.#stopping === undefined) {
      this.#signal("stop");
      this.#stopping = this.#end(cause, { reason: "spindown", budgetMsMax });
    } else if (budgetMsMax !== undefined) {
      this.#domain?.hurry(budgetMsMax);
    }
    return this.#stopping;
  }

  #makeApi(): RuntimeApi {
    return new RuntimeApi(
      {
        onNext: (isLogMarked) => this.#logGate.nextAsked(isLogMarked),
        onAnswer: (answer) => this.#answered(answer),
        onStream: (head) => (this.#phase === "invoking" ? this.#flight?.stream(head) : undefined),
        onInitError: (payload) => this.#initErrorPosted(payload),
        onExtensionChange: () => {
          this.#domain?.extensionsChanged();
          this.#advance();
        },
      },
      functionIdentity(this.version),
    );
  }

  #tell(line: string): void {
    this.#listener.onLog(this, line);
  }

  #signal(signal: EnvironmentSignal): void {
    const next = nextPhase(this.#phase, signal);
    invariant(next !== undefined, `an environment that is ${this.#phase} does not take ${signal}`);
    this.#phase = next;
  }

  async #start(): Promise<void> {
    try {
      this.#runtimeAddress = await this.#api.listen();
      this.#folders = await SandboxFolders.make(this.#options, (line) => this.#tell(line));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#phase !== "stopped") void this.stop(`the environment could not start: ${reason}`);
    }
    if (this.#phase === "initialising") this.#startInitPhase();
  }

  #startInitPhase(): void {
    const { initializationType, fault } = this.#options;
    const limitMs = initLimitMs(this.version, initializationType);
    const domain = this.#startDomain();
    strikeInit(domain, fault, this.#clock);
    this.#cancelInitLimit = this.#clock.after(limitMs, () => {
      if (domain.isEnding) return;
      this.#initStatus = { kind: "timeout" };
      void this.#endDomain(domain, "timeout");
    });
  }

  #startDomain(): ProcessDomain {
    this.#domainStartMs = this.#clock.monotonicMs();
    this.#isInitialised = false;
    this.#log.write(initStartLine(this.version.functionArn));
    const variables = environmentVariables({
      version: this.version,
      runtimeApi: this.#runtimeAddress,
      logStreamName: this.#logStreamName,
      temporaryDirectory: this.#folders?.temporaryDirectory ?? tmpdir(),
      optDirectory: this.#folders?.optDirectory,
      initializationType: this.#options.initializationType ?? "on-demand",
      endpointUrl: this.#options.endpointUrl,
    });
    const domain = new ProcessDomain({
      api: this.#api,
      clock: this.#clock,
      runtime: {
        handler: this.version.handler,
        directory: this.version.codeDirectory,
        variables,
        onLog: (line) => this.#log.write(line),
        onLogMark: () => this.#logGate.logMarked(),
      },
      folders: this.#folders,
      onStarted: (pid) => this.#memory.add(pid),
      onLoss: (loss) => this.#lost(domain, loss),
    });
    this.#domain = domain;
    this.#memory.watch(domain);
    return domain;
  }

  /** The caller's time begins here, not with the init phase before it. */
  #begin(flight: Flight): void {
    if (this.#domain === undefined) this.#startDomain();
    else this.#offer(flight, this.#domain);
    flight.begin(this.#log, () => this.#timedOut(flight));
  }

  #offer(flight: Flight, domain: ProcessDomain): void {
    this.#isRuntimeReady = false;
    domain.thaw();
    this.#memory.watch(domain);
    strikeInvocation(domain, flight.fault);
    this.#api.offer(flight.event);
  }

  #logExtensions(): void {
    for (const line of this.#api.extensions.lines()) this.#log.write(line);
  }

  #runtimeReady(): void {
    this.#isRuntimeReady = true;
    this.#advance();
  }

  /** Goes on when the runtime and the extensions that have a part in it wait for the next event. */
  #advance(): void {
    const domain = this.#domain;
    // A process that ended right after it asked will take nothing any more.
    if (!this.#isRuntimeReady || domain === undefined || domain.isEnding) return;
    const { extensions } = this.#api;
    if (!(this.#isInitialised ? extensions.areFree : extensions.areReady)) return;
    const wasInitialised = this.#isInitialised;
    this.#isInitialised = true;
    if (!wasInitialised) this.#logExtensions();
    this.#ready(domain);
  }

  #ready(domain: ProcessDomain): void {
    const flight = this.#flight;
    if (this.#phase === "initialising") {
      this.#cancelInitLimit?.();
      this.#initDurationMs = this.#clock.monotonicMs() - this.#domainStartMs;
      this.#memory.look();
      this.#signal("ready");
      this.#becomeIdle(flight);
    } else if (this.#phase === "invoking" && flight !== undefined) {
      this.#signal("ready");
      this.#offer(flight, domain);
    } else if (this.#phase === "answered" && flight !== undefined) {
      this.#signal("ready");
      this.#finish(flight);
      this.#becomeIdle(undefined);
    }
  }

  /** An invocation that has waited for the init phase goes first. */
  #becomeIdle(waiting: Flight | undefined): void {
    if (waiting === undefined) {
      this.#memory.unwatch();
      if (this.#options.freezes === true) this.#domain?.freeze();
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
    flight.answer(answer);
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
    this.#memory.look();
    if (this.#phase === "invoking") flight.failWithTimeout();
    this.#signal("lost");
    flight.halt();
    if (this.#domain !== undefined) void this.#endDomain(this.#domain, "timeout");
  }

  #lost(domain: ProcessDomain, loss: Loss): void {
    this.#cancelInitLimit?.();
    if (this.#phase === "idle") this.#lostWhileIdle(loss);
    else void this.#settleLoss(domain, loss);
  }

  #lostWhileIdle(loss: Loss): void {
    this.#signal("lost");
    this.#stopping = this.#end(idleLossText(loss), { reason: "failure" });
  }

  async #settleLoss(domain: ProcessDomain, loss: Loss): Promise<void> {
    // An answer may still be on its way from a process that ended right after it.
    if (loss.kind === "runtime") await Promise.all([domain.runtimeGone, this.#api.disconnected()]);
    // Its time may have ended meanwhile, or all of it: whoever saw that does the rest.
    if (this.#phase === "stopped" || this.#phase === "resetting") return;
    // What the process had sent before it ended may have made the environment idle.
    if (this.#phase === "idle") return this.#lostWhileIdle(loss);
    const flight = this.#flight;
    const requestId = flight?.invocation.requestId ?? "";
    const failure = lossFailure(loss, { requestId, toldError: this.#api.extensions.toldError });
    if (this.#phase === "initialising") {
      this.#initStatus ??= { kind: "error", errorType: failure.errorType };
    } else {
      if (this.#phase === "invoking") flight?.failWithLoss(failure);
      this.#signal("lost");
      flight?.halt();
    }
    await this.#endDomain(domain, "failure");
  }

  async #endDomain(domain: ProcessDomain, reason: ShutdownReason): Promise<void> {
    await domain.shutDown(reason);
    await this.#api.disconnected();
    if (this.#domain === domain && this.#phase !== "stopped") this.#domainGone();
  }

  #domainGone(): void {
    if (!this.#isInitialised) this.#logExtensions();
    this.#domain = undefined;
    this.#isRuntimeReady = false;
    this.#logGate.reset();
    this.#api.reset();
    const flight = this.#flight;
    if (this.#phase === "initialising") {
      const status = this.#initStatus ?? { kind: "error", errorType: "Runtime.ExitError" };
      const durationMs = this.#clock.monotonicMs() - this.#domainStartMs;
      this.#log.write(initReportLine(durationMs, status));
      this.#signal("init_failed");
      this.#signal("reset");
      this.#becomeIdle(flight);
      return;
    }
    if (flight !== undefined) this.#finish(flight);
    this.#log.flush();
    this.#signal("reset");
    this.#becomeIdle(undefined);
  }

  #finish(flight: Flight): void {
    this.#flight = undefined;
    flight.finish({
      memoryMbMax: this.#memory.peakMb(this.#domain?.runtime?.pid),
      initDurationMs: flight.isColdStart ? this.#reportedInitMs() : undefined,
    });
  }

  #reportedInitMs(): number | undefined {
    const isOnDemand = this.#options.initializationType !== "provisioned-concurrency";
    return isOnDemand ? this.#initDurationMs : undefined;
  }

  /** Nothing of the environment is left when this settles. */
  async #end(
    cause: string,
    { reason, budgetMsMax }: { reason: ShutdownReason; budgetMsMax?: number | undefined },
  ): Promise<void> {
    this.#cancelInitLimit?.();
    const ending = this.#domain?.shutDown(reason, budgetMsMax);
    const flight = this.#flight;
    if (flight !== undefined && !flight.isSettled) {
      const { requestId } = flight.invocation;
      flight.failWithLoss(lossFailure(KILLED, { requestId, toldError: undefined }));
    }
    flight?.halt();
    await this.#started;
    await ending;
    if (flight !== undefined) this.#finish(flight);
    this.#log.flush();
    this.#domain = undefined;
    this.#memory.close();
    await this.#api.close();
    await this.#folders?.remove();
    this.#listener.onStopped(this, cause);
  }
}
