import { invariant, type Timers } from "@pilotlight/core";

import type {
  EnvironmentListener,
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
  InvocationOutcome,
} from "../environment/contract.ts";
import type { ThrottleReason } from "../function-caller.ts";
import type { Lease } from "./concurrency/ledger.ts";
import {
  describeEnvironment,
  type EnvironmentSummary,
  type StartedBy,
} from "./environment-summary.ts";
import { type Member, type MemberSignal, nextMemberStatus, reapedAtMs } from "./membership.ts";
import type { PlacementView } from "./placement.ts";

/** Why a request was not run: a value, which the edge turns into its own error. */
export type PoolRefusal = ThrottleReason | "stopping";

/** What became of a request. */
export type PoolResult = InvocationOutcome | PoolRefusal;

/** An admitted request on its way into an environment. */
export interface PooledRequest {
  readonly invocation: Invocation;
  readonly lease: Lease;
  /** Service time. */
  readonly arrivedAtEpochMs: number;
}

/** What a group needs of its pool. */
export interface GroupHost {
  /** Service time: idle environments are kept by it. */
  readonly clock: Timers;
  /** Real time. */
  readonly timers: Timers;
  start(group: EnvironmentGroup, listener: EnvironmentListener): ExecutionEnvironment;
  /** Draws how long an environment lives, milliseconds. */
  drawLife(startedBy: StartedBy): { readonly keepAliveMs: number; readonly lifetimeMs: number };
  /** An environment of the group has answered a request. */
  outcome(
    group: EnvironmentGroup,
    answer: {
      readonly request: PooledRequest;
      readonly environment: ExecutionEnvironment;
      readonly outcome: InvocationOutcome;
    },
  ): void;
  /** The request has its answer; its lease is free. */
  answered(request: PooledRequest): void;
  /** Runs a request elsewhere that has waited for an environment that does not come. */
  overflow(group: EnvironmentGroup, request: PooledRequest): Promise<PoolResult>;
  ended(environment: ExecutionEnvironment, summary: EnvironmentSummary): void;
  /** The last environment of the group has ended. */
  emptied(group: EnvironmentGroup): void;
  readonly onLog: EnvironmentListener["onLog"];
}

/**
 * How long a request waits for an environment that has answered and does not ask for its next invocation
 * (its handler left work behind that blocks the process), real time; then it goes elsewhere.
 */
const LEAVING_WAIT_MS_MAX = 1_000;

/** Extensions may take 2 s to end on AWS; the whole emulator stops in that time. */
const STOP_BUDGET_MS_MAX = 1_200;

interface Waiter {
  readonly request: PooledRequest;
  readonly settle: (result: PoolResult | Promise<PoolResult>) => void;
  readonly cancelTimer: () => void;
}

/** The environments of one function version that were started in one way. */
export class EnvironmentGroup {
  readonly version: FunctionVersion;
  readonly startedBy: StartedBy;
  protected readonly host: GroupHost;
  protected readonly members = new Map<ExecutionEnvironment, Member>();
  /** A stack: the environment used last is on top. */
  protected readonly idle: Member[] = [];
  readonly #listener: EnvironmentListener;
  /** In the order of arrival. */
  readonly #waiters: Waiter[] = [];
  #leaving = 0;
  #reaping: { readonly dueMs: number; readonly cancel: () => void } | undefined;
  /** Set when the version is retired; called when the last environment has ended. */
  #onDrained: (() => void) | undefined;

  constructor(
    version: FunctionVersion,
    { host, startedBy }: { host: GroupHost; startedBy: StartedBy },
  ) {
    this.version = version;
    this.startedBy = startedBy;
    this.host = host;
    this.#listener = {
      onIdle: (environment) => this.#freed(environment),
      onStopped: (environment, cause) => this.#stopped(environment, cause),
      onLog: host.onLog,
    };
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  /** When the environment that has been idle longest was used last. */
  get oldestIdleSinceMs(): number | undefined {
    return this.idle[0]?.idleSinceMs;
  }

  view(): PlacementView {
    this.#dropEnded();
    return {
      isProvisioned: this.startedBy === "provisioned",
      idle: this.idle.length,
      leaving: this.#leaving,
      waiting: this.#waiters.length,
    };
  }

  /** Runs a request in the idle environment that was used last. */
  reuse(request: PooledRequest): Promise<PoolResult> {
    const member = this.idle.pop();
    invariant(member !== undefined, "an idle environment was counted that does not exist");
    return this.#run(member, request);
  }

  /** Runs a request in an environment of its own. */
  startFor(request: PooledRequest): Promise<PoolResult> {
    return this.#run(this.startMember("idle"), request);
  }

  /** Runs a request in the next environment that becomes idle. */
  wait(request: PooledRequest): Promise<PoolResult> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        request,
        settle: resolve,
        cancelTimer: this.host.timers.after(LEAVING_WAIT_MS_MAX, () => {
          const index = this.#waiters.indexOf(waiter);
          if (index < 0) return;
          this.#waiters.splice(index, 1);
          resolve(this.host.overflow(this, request));
        }),
      };
      this.#waiters.push(waiter);
    });
  }

  /** Ends the idle environments, and the others when they are free; settles when none is left. */
  retire(): Promise<void> {
    this.#reaping?.cancel();
    if (this.isEmpty) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDrained = resolve;
    for (const member of this.idle.splice(0)) void this.end(member, "replaced");
    return promise;
  }

  /** Refuses what waits and ends every environment, whatever it does. */
  async stop(): Promise<void> {
    this.#reaping?.cancel();
    for (const { request, settle, cancelTimer } of this.#waiters.splice(0)) {
      cancelTimer();
      this.host.answered(request);
      settle("stopping");
    }
    const members = [...this.members.values()];
    const options = { budgetMsMax: STOP_BUDGET_MS_MAX };
    await Promise.all(members.map((member) => this.end(member, "emulator stopped", options)));
  }

  /**
   * Ends idle environments, those first that were used longest ago.
   *
   * @returns How many, at most `countMax`.
   */
  reap(countMax: number): number {
    const ended = this.idle.splice(0, countMax);
    for (const member of ended) void this.end(member, "reaped");
    return ended.length;
  }

  /** Whether there is an environment that is not on its way out. */
  get hasLife(): boolean {
    return [...this.members.values()].some(({ endedCause }) => endedCause === undefined);
  }

  /** Renews the environment that is oldest: at once where it is idle, else as soon as it is free. */
  recycleOldest(): void {
    const oldest = [...this.members.values()].find(({ endedCause }) => endedCause === undefined);
    if (oldest === undefined) return;
    oldest.recycledAtMs = this.host.clock.monotonicMs();
    const index = this.idle.indexOf(oldest);
    if (index < 0) return;
    this.idle.splice(index, 1);
    void this.end(oldest, "recycled");
  }

  /** Ends the environment that has been idle longest, where there is one. */
  evict(): void {
    const oldest = this.idle.shift();
    if (oldest !== undefined) void this.end(oldest, "evicted");
  }

  protected startMember(status: "idle" | "starting"): Member {
    const environment = this.host.start(this, this.#listener);
    const { keepAliveMs, lifetimeMs } = this.host.drawLife(this.startedBy);
    const member: Member = {
      environment,
      status,
      serial: 0,
      idleSinceMs: 0,
      keepAliveMs,
      recycledAtMs: this.host.clock.monotonicMs() + lifetimeMs,
      endedCause: undefined,
    };
    this.members.set(environment, member);
    return member;
  }

  /** An environment that was started ahead is initialised, or has failed to be. */
  protected initialised(_member: Member): void {}

  /** Why an environment that is free now is to end. */
  protected endOfFree(member: Member): string | undefined {
    return this.host.clock.monotonicMs() >= member.recycledAtMs ? "recycled" : undefined;
  }

  /** An environment is on its way out: the pool has ended it, or it has ended itself. */
  protected gone(_member: Member, _cause: string): void {}

  /** Told of every outcome. */
  protected settled(_member: Member, _outcome: InvocationOutcome): void {}

  protected end(
    member: Member,
    cause: string,
    options?: { readonly budgetMsMax: number },
  ): Promise<void> {
    if (member.endedCause === undefined) {
      member.endedCause = cause;
      this.gone(member, cause);
    }
    return member.environment.stop(member.endedCause, options);
  }

  protected signal(member: Member, signal: MemberSignal): void {
    const before = member.status;
    member.status = nextMemberStatus(before, signal);
    if (before === member.status) return;
    if (member.status === "leaving") this.#leaving += 1;
    if (before === "leaving") this.#leaving -= 1;
  }

  protected becomeIdle(member: Member): void {
    member.idleSinceMs = this.host.clock.monotonicMs();
    this.idle.push(member);
    this.#armReaping(member);
  }

  async #run(member: Member, request: PooledRequest): Promise<InvocationOutcome> {
    this.signal(member, "taken");
    member.serial += 1;
    const { serial } = member;
    try {
      const outcome = await member.environment.invoke(request.invocation);
      this.settled(member, outcome);
      this.host.outcome(this, { request, environment: member.environment, outcome });
      return outcome;
    } finally {
      this.host.answered(request);
      if (member.serial === serial) this.signal(member, "answered");
    }
  }

  #freed(environment: ExecutionEnvironment): void {
    const member = this.members.get(environment);
    if (member === undefined || member.endedCause !== undefined) return;
    if (member.status === "starting") return this.initialised(member);
    const before = member.status;
    this.signal(member, "freed");
    if (before === member.status) return;
    const cause = this.endOfFree(member);
    if (cause !== undefined) {
      void this.end(member, cause);
      this.#overflowWaiters();
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.cancelTimer();
      waiter.settle(this.#run(member, waiter.request));
    } else if (this.#onDrained !== undefined) {
      void this.end(member, "replaced");
    } else {
      this.becomeIdle(member);
    }
  }

  /** One timer for the whole group, for the environment that is due first: the hot path sets none. */
  #armReaping(member: Member): void {
    const dueMs = reapedAtMs(member);
    if (this.#reaping !== undefined && this.#reaping.dueMs <= dueMs) return;
    this.#reaping?.cancel();
    const { clock } = this.host;
    const cancel = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => {
      this.#reaping = undefined;
      this.#reap();
    });
    this.#reaping = { dueMs, cancel };
  }

  #reap(): void {
    const nowMs = this.host.clock.monotonicMs();
    const expired = this.idle.filter((member) => reapedAtMs(member) <= nowMs);
    const kept = this.idle.filter((member) => reapedAtMs(member) > nowMs);
    this.idle.splice(0, this.idle.length, ...kept);
    for (const member of expired) {
      void this.end(member, member.recycledAtMs <= nowMs ? "recycled" : "idle");
    }
    const first = kept.toSorted((a, b) => reapedAtMs(a) - reapedAtMs(b))[0];
    if (first !== undefined) this.#armReaping(first);
  }

  #stopped(environment: ExecutionEnvironment, cause: string): void {
    const member = this.members.get(environment);
    if (member === undefined) return;
    this.members.delete(environment);
    const index = this.idle.indexOf(member);
    if (index >= 0) this.idle.splice(index, 1);
    if (member.endedCause === undefined) {
      member.endedCause = cause;
      this.gone(member, cause);
    }
    this.signal(member, "ended");
    const { startedBy } = this;
    const summary = describeEnvironment(environment, { startedBy, endedCause: member.endedCause });
    this.host.ended(environment, summary);
    this.#overflowWaiters();
    if (!this.isEmpty) return;
    this.#onDrained?.();
    this.#reaping?.cancel();
    this.#reaping = undefined;
    this.host.emptied(this);
  }

  /** Requests that waited for an environment that does not come go elsewhere. */
  #overflowWaiters(): void {
    while (this.#waiters.length > this.#leaving) {
      const waiter = this.#waiters.shift();
      waiter?.cancelTimer();
      waiter?.settle(this.host.overflow(this, waiter.request));
    }
  }

  /** A process that died while idle takes its environment with it a moment before that is reported. */
  #dropEnded(): void {
    while (this.idle.at(-1)?.environment.phase === "stopped") this.idle.pop();
  }
}
