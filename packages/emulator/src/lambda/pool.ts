import type { Random, Timers } from "@pilotlight/core";

import type {
  EnvironmentListener,
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
} from "../environment/contract.ts";
import type { ThrottleReason } from "../function-caller.ts";
import type { Trace } from "../trace/trace-event.ts";
import { drawDurationMs, type DurationLaw } from "./concurrency/duration-law.ts";
import type { ConcurrencyLedger } from "./concurrency/ledger.ts";
import type { ConcurrencyMetrics } from "./concurrency/metrics.ts";
import {
  describeEnvironment,
  type EnvironmentSummary,
  type StartedBy,
} from "./environment-summary.ts";
import { type Placement, placeRequest } from "./placement.ts";
import {
  EnvironmentGroup,
  type GroupHost,
  type PooledRequest,
  type PoolResult,
} from "./pool-group.ts";
import { ProvisionedGroup } from "./pool-provisioned.ts";

export type { PoolRefusal } from "./pool-group.ts";

/** Starts an execution environment of a version; where it is for a request, that is given at once. */
export type StartPooledEnvironment = (
  version: FunctionVersion,
  listener: EnvironmentListener,
  startedBy: StartedBy,
) => ExecutionEnvironment;

/** Ended environments that are remembered for the control endpoint. */
const ENDED_MAX = 100;

interface PoolOptions {
  readonly startEnvironment: StartPooledEnvironment;
  readonly ledger: ConcurrencyLedger;
  readonly metrics: ConcurrencyMetrics;
  /** Service time: idle environments are kept by it. */
  readonly clock: Timers;
  /** Real time. */
  readonly timers: Timers;
  readonly random: Random;
  /** How long an idle environment is kept. */
  readonly keepAlive: DurationLaw;
  /** How long an environment lives at most, however busy it is. */
  readonly lifetime: DurationLaw;
  readonly onLog: EnvironmentListener["onLog"];
  /** Gets what happens. */
  readonly trace?: Trace | undefined;
}

/** All execution environments of the account: starts, reuses, reaps and drains them. */
export class EnvironmentPool {
  readonly #options: PoolOptions;
  readonly #host: GroupHost;
  readonly #onDemand = new Map<FunctionVersion, EnvironmentGroup>();
  readonly #provisioned = new Map<FunctionVersion, ProvisionedGroup>();
  /** Those of retired versions included. */
  readonly #groups = new Set<EnvironmentGroup>();
  readonly #live = new Map<ExecutionEnvironment, StartedBy>();
  #ended: EnvironmentSummary[] = [];
  #isStopping = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#host = this.#makeHost();
  }

  /** Invocations that have no answer yet. */
  get concurrency(): number {
    return this.#options.ledger.inUse;
  }

  /** Whether a reservation of zero keeps a function from ever running. */
  isBlocked(functionName: string): boolean {
    return this.#options.ledger.find(functionName)?.reserved === 0;
  }

  /**
   * Runs one invocation in an environment of `version`, in the order of arrival.
   *
   * @returns The outcome as soon as the answer is there, or why the request was not run.
   */
  invoke(version: FunctionVersion, invocation: Invocation): Promise<PoolResult> {
    if (this.#isStopping) return Promise.resolve("stopping");
    const { ledger, clock } = this.#options;
    const admission = ledger.acquire(version, clock.monotonicMs());
    if (admission.kind === "throttled") {
      this.#throttled(version, admission.reason);
      return Promise.resolve(admission.reason);
    }
    const arrivedAtEpochMs = clock.epochMs();
    return this.#place(version, { invocation, lease: admission.lease, arrivedAtEpochMs });
  }

  /**
   * Ends the idle environments of a version, and the others when they are free.
   *
   * A later request of the same version gets new ones.
   *
   * @returns Settles when none is left.
   */
  async retire(version: FunctionVersion): Promise<void> {
    const groups = [this.#onDemand.get(version), this.#provisioned.get(version)].filter(
      (group) => group !== undefined,
    );
    this.#onDemand.delete(version);
    this.#provisioned.delete(version);
    await Promise.all(groups.map((group) => group.retire()));
  }

  /** Refuses new requests and ends every environment, whatever it does. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#groups].map((group) => group.stop()));
  }

  /**
   * Ends idle environments, as AWS does when it needs their room; provisioned ones are replaced.
   *
   * @param functionName - Only those of one function.
   * @returns How many.
   */
  reap(functionName?: string): number {
    return this.#groupsOf(functionName).reduce((ended, group) => ended + group.reap(Infinity), 0);
  }

  /**
   * Renews one environment, as AWS does every few hours; a busy one ends as soon as it is free.
   *
   * @returns How many: 0 where there is none.
   */
  recycle(functionName?: string): number {
    const group = this.#groupsOf(functionName).find(({ hasLife }) => hasLife);
    group?.recycleOldest();
    return group === undefined ? 0 : 1;
  }

  /** The environments there are, oldest first, after the last ones that have ended. */
  list(): EnvironmentSummary[] {
    const live = [...this.#live].map(([environment, startedBy]) =>
      describeEnvironment(environment, { startedBy }),
    );
    return [...this.#ended, ...live];
  }

  /** The environments of a version that are started ahead of requests. */
  provisioned(version: FunctionVersion): ProvisionedGroup {
    const existing = this.#provisioned.get(version);
    if (existing !== undefined) return existing;
    const group = new ProvisionedGroup(version, { host: this.#host, startedBy: "provisioned" });
    this.#provisioned.set(version, group);
    return group;
  }

  #groupsOf(functionName: string | undefined): EnvironmentGroup[] {
    return [...this.#groups].filter(
      ({ version }) => functionName === undefined || version.functionName === functionName,
    );
  }

  #throttled({ functionName, version }: FunctionVersion, reason: ThrottleReason): void {
    const { metrics, clock, trace } = this.#options;
    metrics.throttled(functionName);
    const atEpochMs = clock.epochMs();
    trace?.({ event: "throttled", atEpochMs, function: functionName, version, reason });
  }

  #place(version: FunctionVersion, request: PooledRequest): Promise<PoolResult> {
    const { ledger, metrics, clock } = this.#options;
    const { lease } = request;
    if (lease.kind === "provisioned") {
      const group = this.#provisioned.get(version);
      const placement = group === undefined ? "spill" : placeRequest(group.view());
      if (group !== undefined && (placement === "reuse" || placement === "wait")) {
        metrics.invoked(lease);
        return placement === "reuse" ? group.reuse(request) : group.wait(request);
      }
      ledger.spill(lease);
    }
    const group = this.#onDemandGroup(version);
    const placement = placeRequest(group.view());
    if (placement === "start" && !ledger.takeStart(lease, clock.monotonicMs())) {
      return Promise.resolve(this.#refuseStart(group, request));
    }
    metrics.invoked(lease);
    return this.#runIn(group, request, placement);
  }

  #runIn(
    group: EnvironmentGroup,
    request: PooledRequest,
    placement: Placement,
  ): Promise<PoolResult> {
    if (placement === "reuse") return group.reuse(request);
    if (placement === "wait") return group.wait(request);
    this.#options.metrics.coldStarted(request.lease);
    return group.startFor(request);
  }

  /** The function grows faster than AWS lets it; AWS names no reason of its own for that. */
  #refuseStart(group: EnvironmentGroup, { lease }: PooledRequest): PoolResult {
    this.#options.ledger.release(lease);
    const reason =
      lease.account.reserved === undefined
        ? "ConcurrentInvocationLimitExceeded"
        : "ReservedFunctionConcurrentInvocationLimitExceeded";
    this.#throttled(group.version, reason);
    if (group.isEmpty) this.#forget(group);
    return reason;
  }

  #onDemandGroup(version: FunctionVersion): EnvironmentGroup {
    const existing = this.#onDemand.get(version);
    if (existing !== undefined) return existing;
    const group = new EnvironmentGroup(version, { host: this.#host, startedBy: "on-demand" });
    this.#onDemand.set(version, group);
    return group;
  }

  #makeHost(): GroupHost {
    const { clock, timers, random, keepAlive, lifetime, ledger, onLog, trace } = this.#options;
    return {
      clock,
      timers,
      onLog,
      start: (group, listener) => this.#start(group, listener),
      drawLife: (startedBy) => ({
        // Provisioned concurrency is kept as long as it is configured.
        keepAliveMs: startedBy === "provisioned" ? Infinity : drawDurationMs(keepAlive, random),
        lifetimeMs: drawDurationMs(lifetime, random),
      }),
      outcome: ({ startedBy, version }, { request, environment, outcome }) =>
        trace?.({
          event: "invocation",
          atEpochMs: clock.epochMs(),
          arrivedAtEpochMs: request.arrivedAtEpochMs,
          function: version.functionName,
          version: version.version,
          requestId: request.invocation.requestId,
          environmentId: environment.id,
          startedBy,
          isColdStart: outcome.isColdStart && startedBy === "on-demand",
          isFunctionError: outcome.isFunctionError,
          durationMs: outcome.durationMs,
        }),
      answered: ({ lease }) => ledger.release(lease),
      overflow: (group, request) => this.#overflow(group, request),
      ended: (environment, summary) => {
        this.#live.delete(environment);
        this.#traceEnd(summary);
        this.#ended = [...this.#ended, summary].slice(-ENDED_MAX);
      },
      emptied: (group) => this.#forget(group),
    };
  }

  #start(group: EnvironmentGroup, listener: EnvironmentListener): ExecutionEnvironment {
    if (this.#live.size >= this.#options.ledger.concurrencyMax) this.#evict();
    const { version, startedBy } = group;
    const environment = this.#options.startEnvironment(version, listener, startedBy);
    this.#live.set(environment, startedBy);
    this.#groups.add(group);
    this.#options.trace?.({
      event: "environment-started",
      atEpochMs: this.#options.clock.epochMs(),
      function: version.functionName,
      version: version.version,
      environmentId: environment.id,
      startedBy,
    });
    return environment;
  }

  #traceEnd(summary: EnvironmentSummary): void {
    this.#options.trace?.({
      event: "environment-ended",
      atEpochMs: this.#options.clock.epochMs(),
      function: summary.function,
      version: summary.version,
      environmentId: summary.id,
      startedBy: summary.startedBy,
      cause: summary.endedCause ?? "",
      invocations: summary.invocations,
      initDurationMs: summary.initDurationMs,
    });
  }

  /** Makes room by ending the environment that has been idle longest, of whichever version. */
  #evict(): void {
    const oldest = [...this.#onDemand.values()]
      .filter((group) => group.oldestIdleSinceMs !== undefined)
      .toSorted((a, b) => (a.oldestIdleSinceMs ?? 0) - (b.oldestIdleSinceMs ?? 0))[0];
    oldest?.evict();
  }

  #overflow(group: EnvironmentGroup, request: PooledRequest): Promise<PoolResult> {
    if (this.#isStopping) {
      this.#options.ledger.release(request.lease);
      return Promise.resolve("stopping");
    }
    // It has been admitted and counted; now it only has to run somewhere.
    if (group.startedBy === "on-demand") return this.#runIn(group, request, "start");
    this.#options.ledger.spill(request.lease);
    const onDemand = this.#onDemandGroup(group.version);
    return this.#runIn(onDemand, request, placeRequest(onDemand.view()));
  }

  /** A provisioned group stays as long as its version: a configuration may start environments in it again. */
  #forget(group: EnvironmentGroup): void {
    this.#groups.delete(group);
    const { version } = group;
    if (this.#onDemand.get(version) === group) this.#onDemand.delete(version);
  }
}
