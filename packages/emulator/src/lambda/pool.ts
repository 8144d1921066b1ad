import { invariant, type Timers } from "@pilotlight/core";

import type {
  EnvironmentListener,
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
  InvocationOutcome,
} from "../environment/contract.ts";
import { describeEnvironment, type EnvironmentSummary } from "./environment-summary.ts";
import { type Member, type MemberSignal, nextMemberStatus } from "./membership.ts";
import { placeRequest } from "./placement.ts";

/** Starts an execution environment of a version; its first invocation may be given at once. */
export type StartPooledEnvironment = (
  version: FunctionVersion,
  listener: EnvironmentListener,
) => ExecutionEnvironment;

/** Why a request was not run: a value, which the edge turns into its own error. */
export type PoolRefusal = "throttled" | "stopping";

/**
 * How long a request waits for an environment that has answered and does not ask for its next invocation
 * (its handler left work behind that blocks the process), real time; then it gets a new one.
 */
const LEAVING_WAIT_MS_MAX = 1_000;

/** Ended environments that are remembered for the control endpoint. */
const ENDED_MAX = 100;

interface Waiter {
  readonly run: (member: Member) => void;
  readonly refuse: (refusal: PoolRefusal) => void;
  readonly cancelTimer: () => void;
}

/** The environments of one function version. */
interface Group {
  readonly version: FunctionVersion;
  readonly members: Set<Member>;
  /** A stack: the environment used last is on top. */
  readonly idle: Member[];
  /** In the order of arrival. */
  readonly waiters: Waiter[];
  leaving: number;
  cancelReaping: (() => void) | undefined;
  /** Called when the last environment of a retired version has ended. */
  onDrained: (() => void) | undefined;
}

interface PoolOptions {
  readonly startEnvironment: StartPooledEnvironment;
  /** Service time: idle environments are kept by it. */
  readonly clock: Timers;
  /** Real time. */
  readonly timers: Timers;
  readonly concurrencyMax: number;
  readonly keepAliveMs: number;
  readonly onLog: EnvironmentListener["onLog"];
}

/** All execution environments of the account: starts, reuses, reaps and drains them. */
export class EnvironmentPool {
  readonly #options: PoolOptions;
  readonly #groups = new Map<FunctionVersion, Group>();
  readonly #members = new Map<ExecutionEnvironment, { member: Member; group: Group }>();
  readonly #listener: EnvironmentListener;
  #ended: EnvironmentSummary[] = [];
  #concurrency = 0;
  #isStopping = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#listener = {
      onIdle: (environment) => this.#freed(environment),
      onStopped: (environment, cause) => this.#stopped(environment, cause),
      onLog: options.onLog,
    };
  }

  /** Invocations that have no answer yet. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /**
   * Runs one invocation in an environment of `version`, in the order of arrival.
   *
   * @returns The outcome as soon as the answer is there, or why the request was not run.
   */
  invoke(
    version: FunctionVersion,
    invocation: Invocation,
  ): Promise<InvocationOutcome | PoolRefusal> {
    if (this.#isStopping) return Promise.resolve("stopping");
    const group = this.#groupOf(version);
    dropEnded(group.idle);
    const placement = placeRequest({
      idle: group.idle.length,
      leaving: group.leaving,
      waiting: group.waiters.length,
      concurrency: this.#concurrency,
      concurrencyMax: this.#options.concurrencyMax,
    });
    if (placement === "throttle") {
      this.#forgetIfEmpty(group);
      return Promise.resolve("throttled");
    }
    this.#concurrency += 1;
    if (placement === "wait") return this.#wait(group, invocation);
    const member = placement === "reuse" ? group.idle.pop() : this.#start(group);
    invariant(member !== undefined, "an idle environment was counted that does not exist");
    return this.#run(member, { group, invocation });
  }

  /**
   * Ends the idle environments of a version, and the others when they are free.
   *
   * A later request of the same version gets new ones.
   *
   * @returns Settles when none is left.
   */
  retire(version: FunctionVersion): Promise<void> {
    const group = this.#groups.get(version);
    if (group === undefined) return Promise.resolve();
    this.#groups.delete(version);
    group.cancelReaping?.();
    if (group.members.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    group.onDrained = resolve;
    for (const member of group.idle.splice(0)) void this.#end(member, "replaced");
    return promise;
  }

  /** Refuses new requests and ends every environment, whatever it does. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const groups = new Set([...this.#members.values()].map(({ group }) => group));
    for (const group of groups) {
      group.cancelReaping?.();
      for (const waiter of group.waiters.splice(0)) this.#refuse(waiter);
    }
    const members = [...this.#members.values()].map(({ member }) => member);
    await Promise.all(members.map((member) => this.#end(member, "emulator stopped")));
  }

  /** The environments there are, oldest first, after the last ones that have ended. */
  list(): EnvironmentSummary[] {
    const live = [...this.#members.values()].map(({ member }) =>
      describeEnvironment(member.environment),
    );
    return [...this.#ended, ...live];
  }

  #groupOf(version: FunctionVersion): Group {
    const existing = this.#groups.get(version);
    if (existing !== undefined) return existing;
    const group: Group = {
      version,
      members: new Set(),
      idle: [],
      waiters: [],
      leaving: 0,
      cancelReaping: undefined,
      onDrained: undefined,
    };
    this.#groups.set(version, group);
    return group;
  }

  #start(group: Group): Member {
    if (this.#members.size >= this.#options.concurrencyMax) this.#evict();
    const environment = this.#options.startEnvironment(group.version, this.#listener);
    const member: Member = {
      environment,
      // The request that it is started for follows at once.
      status: "idle",
      serial: 0,
      idleSinceMs: 0,
      endedCause: undefined,
    };
    group.members.add(member);
    this.#members.set(environment, { member, group });
    return member;
  }

  /** Makes room by ending the environment that has been idle longest, of whichever version. */
  #evict(): void {
    const oldest = [...this.#groups.values()]
      .flatMap((group) => (group.idle[0] === undefined ? [] : [{ group, member: group.idle[0] }]))
      .toSorted((a, b) => a.member.idleSinceMs - b.member.idleSinceMs)[0];
    if (oldest === undefined) return;
    oldest.group.idle.shift();
    void this.#end(oldest.member, "evicted");
  }

  async #run(
    member: Member,
    { group, invocation }: { group: Group; invocation: Invocation },
  ): Promise<InvocationOutcome> {
    member.status = nextMemberStatus(member.status, "taken");
    member.serial += 1;
    const serial = member.serial;
    try {
      return await member.environment.invoke(invocation);
    } finally {
      this.#concurrency -= 1;
      if (member.serial === serial) this.#signal(member, { group, signal: "answered" });
    }
  }

  #signal(member: Member, { group, signal }: { group: Group; signal: MemberSignal }): void {
    const before = member.status;
    member.status = nextMemberStatus(before, signal);
    if (before === member.status) return;
    if (member.status === "leaving") group.leaving += 1;
    if (before === "leaving") group.leaving -= 1;
  }

  #wait(group: Group, invocation: Invocation): Promise<InvocationOutcome | PoolRefusal> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        run: (member) => resolve(this.#run(member, { group, invocation })),
        refuse: resolve,
        cancelTimer: this.#options.timers.after(LEAVING_WAIT_MS_MAX, () => {
          const index = group.waiters.indexOf(waiter);
          if (index < 0) return;
          group.waiters.splice(index, 1);
          waiter.run(this.#start(group));
        }),
      };
      group.waiters.push(waiter);
    });
  }

  #refuse(waiter: Waiter): void {
    waiter.cancelTimer();
    this.#concurrency -= 1;
    waiter.refuse("stopping");
  }

  #freed(environment: ExecutionEnvironment): void {
    const entry = this.#members.get(environment);
    if (entry === undefined) return;
    const { member, group } = entry;
    if (member.status === "idle" || member.endedCause !== undefined) return;
    this.#signal(member, { group, signal: "freed" });
    const waiter = group.waiters.shift();
    if (waiter !== undefined) {
      waiter.cancelTimer();
      waiter.run(member);
      return;
    }
    if (group.onDrained !== undefined) {
      void this.#end(member, "replaced");
      return;
    }
    member.idleSinceMs = this.#options.clock.monotonicMs();
    group.idle.push(member);
    this.#armReaping(group);
  }

  /** One timer for a whole group, for the environment that has been idle longest: the hot path sets none. */
  #armReaping(group: Group): void {
    const oldest = group.idle[0];
    if (group.cancelReaping !== undefined || oldest === undefined) return;
    const { clock, keepAliveMs } = this.#options;
    const dueMs = oldest.idleSinceMs + keepAliveMs;
    group.cancelReaping = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => {
      group.cancelReaping = undefined;
      this.#reap(group);
      this.#armReaping(group);
    });
  }

  #reap(group: Group): void {
    const { clock, keepAliveMs } = this.#options;
    const nowMs = clock.monotonicMs();
    const kept = group.idle.findIndex((member) => nowMs - member.idleSinceMs < keepAliveMs);
    const expired = group.idle.splice(0, kept < 0 ? group.idle.length : kept);
    for (const member of expired) void this.#end(member, "idle");
  }

  #end(member: Member, cause: string): Promise<void> {
    member.endedCause ??= cause;
    return member.environment.stop(member.endedCause);
  }

  #stopped(environment: ExecutionEnvironment, cause: string): void {
    const entry = this.#members.get(environment);
    if (entry === undefined) return;
    const { member, group } = entry;
    this.#members.delete(environment);
    group.members.delete(member);
    const index = group.idle.indexOf(member);
    if (index >= 0) group.idle.splice(index, 1);
    this.#signal(member, { group, signal: "ended" });
    const summary = describeEnvironment(environment, member.endedCause ?? cause);
    this.#ended = [...this.#ended, summary].slice(-ENDED_MAX);
    this.#replaceForWaiters(group);
    if (group.members.size === 0) group.onDrained?.();
    this.#forgetIfEmpty(group);
  }

  /** Requests that waited for an environment that has ended get a new one. */
  #replaceForWaiters(group: Group): void {
    if (this.#isStopping) return;
    while (group.waiters.length > group.leaving) {
      const waiter = group.waiters.shift();
      waiter?.cancelTimer();
      waiter?.run(this.#start(group));
    }
  }

  #forgetIfEmpty(group: Group): void {
    if (group.members.size > 0 || this.#groups.get(group.version) !== group) return;
    group.cancelReaping?.();
    this.#groups.delete(group.version);
  }
}

/** A process that died while idle takes its environment with it a moment before that is reported. */
function dropEnded(idle: Member[]): void {
  while (idle.at(-1)?.environment.phase === "stopped") idle.pop();
}
