import { randomUUID } from "node:crypto";

import { invariant, type Timers } from "@pilotlight/core";

import { realClock } from "../clock.ts";
import type { RuntimeAnswer, ShutdownReason } from "../runtime-api/index.ts";
import type {
  EnvironmentListener,
  EnvironmentPhase,
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
  InvocationOutcome,
} from "./contract.ts";
import type { EnvironmentOptions } from "./environment-options.ts";
import { strikeInit } from "./fault-effect.ts";
import { Flight } from "./flight.ts";
import { initLimitMs } from "./init-limit.ts";
import { InitPhase } from "./init-phase.ts";
import { idleLossText, lossFailure, startFailure } from "./loss-text.ts";
import { postedErrorType } from "./outcome-text.ts";
import { type EnvironmentParts, SYSTEM_PARTS } from "./parts.ts";
import { type EnvironmentSignal, nextPhase } from "./phase.ts";
import type { Loss, ProcessDomain } from "./process-domain.ts";
import type { Status } from "./report.ts";
import { Sandbox } from "./sandbox.ts";

/**
 * Starts an execution environment: processes of its own that run AWS's Node runtime, and the extensions of
 * its layers, against a Runtime API of its own.
 *
 * @param parts - What it is made of.
 * @returns The environment in phase `initialising`; its init phase has begun.
 */
export function startEnvironment(
  options: EnvironmentOptions,
  parts: EnvironmentParts = SYSTEM_PARTS,
): ExecutionEnvironment {
  return new ProcessEnvironment(options, parts);
}

const KILLED: Loss = { kind: "runtime", exit: { kind: "signal", signal: "SIGKILL" } };

class ProcessEnvironment implements ExecutionEnvironment {
  readonly id = randomUUID();
  readonly version: FunctionVersion;
  readonly startedAtEpochMs: number;
  readonly #listener: EnvironmentListener;
  readonly #clock: Timers;
  readonly #options: EnvironmentOptions;
  readonly #sandbox: Sandbox;
  readonly #init: InitPhase;
  readonly #started: Promise<void>;
  #phase: EnvironmentPhase = "initialising";
  #invocationCount = 0;
  #flight: Flight | undefined;
  #stopping: Promise<void> | undefined;
  #startFailure: string | undefined;

  constructor(options: EnvironmentOptions, parts: EnvironmentParts) {
    this.#options = options;
    this.version = options.version;
    this.#listener = options.listener;
    this.#clock = options.clock ?? realClock;
    this.startedAtEpochMs = this.#clock.epochMs();
    this.#init = new InitPhase(this.#clock);
    this.#sandbox = new Sandbox({
      id: this.id,
      environment: options,
      clock: this.#clock,
      parts,
      listener: {
        onAnswer: (answer) => this.#answered(answer),
        onStream: (head) => (this.#phase === "invoking" ? this.#flight?.stream(head) : undefined),
        onInitError: (payload) => this.#initErrorPosted(payload),
        onReady: (domain) => this.#ready(domain),
        onLoss: (domain, loss) => this.#lost(domain, loss),
        onLog: (line) => this.#listener.onLog(this, line),
      },
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
    return this.#init.durationMs;
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
      this.#sandbox.domain?.hurry(budgetMsMax);
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
      await this.#sandbox.prepare();
      if (this.#phase === "initialising") this.#startInitPhase();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#phase === "stopped") return;
      const cause = `the environment could not start: ${reason}`;
      this.#startFailure = cause;
      this.#sandbox.log.write(cause);
      void this.stop(cause);
    }
  }

  #startInitPhase(): void {
    const { initializationType, fault } = this.#options;
    this.#init.begin(initLimitMs(this.version, initializationType), () => {
      this.#init.fail({ kind: "timeout" });
      if (this.#sandbox.domain !== undefined) void this.#endDomain(this.#sandbox.domain, "timeout");
    });
    strikeInit(this.#sandbox.startDomain(), fault, this.#clock);
  }

  /** The caller's time begins here, not with the init phase before it. */
  #begin(flight: Flight): void {
    const { domain } = this.#sandbox;
    if (domain === undefined) this.#sandbox.startDomain();
    else this.#sandbox.offer(flight, domain);
    flight.begin(this.#sandbox.log, () => this.#timedOut(flight));
  }

  #ready(domain: ProcessDomain): void {
    const flight = this.#flight;
    if (this.#phase === "initialising") {
      this.#init.succeed();
      this.#sandbox.memory.look();
      this.#signal("ready");
      this.#becomeIdle(flight);
    } else if (this.#phase === "invoking" && flight !== undefined) {
      this.#signal("ready");
      this.#sandbox.offer(flight, domain);
    } else if (this.#phase === "answered" && flight !== undefined) {
      this.#signal("ready");
      this.#finish(flight);
      this.#becomeIdle(undefined);
    }
  }

  /** An invocation that has waited for the init phase goes first. */
  #becomeIdle(waiting: Flight | undefined): void {
    if (waiting === undefined) {
      this.#sandbox.rest();
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
    if (this.#phase === "initialising") this.#init.fail(status);
    const flight = this.#flight;
    if (this.#phase !== "invoking" || flight === undefined) return;
    this.#signal("answer");
    flight.status = status;
    flight.settle({ payload, isFunctionError: true });
  }

  #timedOut(flight: Flight): void {
    if (this.#phase !== "invoking" && this.#phase !== "answered") return;
    this.#sandbox.memory.look();
    if (this.#phase === "invoking") flight.failWithTimeout();
    this.#signal("lost");
    flight.halt();
    const { domain } = this.#sandbox;
    if (domain !== undefined) void this.#endDomain(domain, "timeout");
  }

  #lost(domain: ProcessDomain, loss: Loss): void {
    this.#init.release();
    if (this.#phase === "idle") {
      this.#signal("lost");
      this.#stopping = this.#end(idleLossText(loss), { reason: "failure" });
      return;
    }
    void this.#settleLoss(domain, loss);
  }

  async #settleLoss(domain: ProcessDomain, loss: Loss): Promise<void> {
    // An answer may still be on its way from a process that ended right after it.
    if (loss.kind === "runtime") await this.#sandbox.drained(domain);
    // Its time may have ended meanwhile, or all of it: whoever saw that does the rest, or has done it.
    const isDealtWith = this.#phase === "stopped" || this.#phase === "resetting";
    if (isDealtWith || this.#sandbox.domain !== domain) return;
    const flight = this.#flight;
    const requestId = flight?.invocation.requestId ?? "";
    const failure = lossFailure(loss, { requestId, toldError: this.#sandbox.toldError });
    if (this.#phase === "initialising") {
      this.#init.fail({ kind: "error", errorType: failure.errorType });
    } else {
      if (this.#phase === "invoking") flight?.failWithLoss(failure);
      this.#signal("lost");
      flight?.halt();
    }
    await this.#endDomain(domain, "failure");
  }

  async #endDomain(domain: ProcessDomain, reason: ShutdownReason): Promise<void> {
    await this.#sandbox.shutDown(domain, reason);
    if (this.#phase !== "stopped") this.#domainGone();
  }

  #domainGone(): void {
    this.#sandbox.clear();
    const flight = this.#flight;
    if (this.#phase === "initialising") {
      this.#sandbox.logInitFailure(this.#init.failure);
      this.#signal("init_failed");
      this.#signal("reset");
      this.#becomeIdle(flight);
      return;
    }
    if (flight !== undefined) this.#finish(flight);
    this.#sandbox.log.flush();
    this.#signal("reset");
    this.#becomeIdle(undefined);
  }

  #finish(flight: Flight): void {
    this.#flight = undefined;
    const { memory, domain } = this.#sandbox;
    flight.finish({
      memoryMbMax: memory.peakMb(domain?.runtime?.pid),
      initDurationMs: flight.isColdStart ? this.#reportedInitMs() : undefined,
    });
  }

  #reportedInitMs(): number | undefined {
    const isOnDemand = this.#options.initializationType !== "provisioned-concurrency";
    return isOnDemand ? this.#init.durationMs : undefined;
  }

  /** Nothing of the environment is left when this settles. */
  async #end(
    cause: string,
    { reason, budgetMsMax }: { reason: ShutdownReason; budgetMsMax?: number | undefined },
  ): Promise<void> {
    this.#init.release();
    const ending = this.#sandbox.domain?.shutDown(reason, budgetMsMax);
    const flight = this.#flight;
    if (flight !== undefined && !flight.isSettled) {
      const { requestId } = flight.invocation;
      flight.failWithLoss(
        this.#startFailure === undefined
          ? lossFailure(KILLED, { requestId, toldError: undefined })
          : startFailure(requestId, this.#startFailure),
      );
    }
    flight?.halt();
    await this.#started;
    await ending;
    if (flight !== undefined) this.#finish(flight);
    await this.#sandbox.close();
    this.#listener.onStopped(this, cause);
  }
}
