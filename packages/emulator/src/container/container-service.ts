import { invariant, type Timers } from "@pilotlight/core";

import { type FaultSource, NO_FAULTS } from "../faults/contract.ts";
import { ContainerTask } from "./container-task.ts";
import type { ContainerDefinition, ContainerEvent, ContainerHost, TaskView } from "./contract.ts";

export interface ContainerServiceOptions {
  readonly definition: ContainerDefinition;
  readonly host: ContainerHost;
  /** Service time: placement, boot and the delay of replacements. */
  readonly clock: Timers;
  /** Real time: health checks and stop timeouts. */
  readonly timers: Timers;
  /** @default no faults */
  readonly faults?: FaultSource;
  readonly onEvent?: (event: ContainerEvent) => void;
  /** Told of what goes wrong in the emulator itself. */
  readonly onError?: (error: unknown) => void;
}

/** Each task is a process, and a model in memory. */
const DESIRED_COUNT_MAX = 32;

/** Tasks that have ended and are still listed. */
const ENDED_MAX = 100;

/**
 * ECS starts tasks of a service that keep failing less and less often, at most 15 minutes apart; the delays before
 * that are ours.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html, read 2026-11-24
 */
const REPLACEMENT_MS_MIN = 1_000;
const REPLACEMENT_MS_MAX = 900_000;

/** A task that has been healthy for so long shows that the failures before it are over; service time. */
const STABLE_MS = 600_000;

/** Processes get this long to end by themselves when everything stops, real time. */
const STOP_MS = 1_000;

/** How long the next task waits after `failures` that came one after the other, milliseconds of service time. */
export function replacementDelayMs(failures: number): number {
  if (failures === 0) return 0;
  return Math.min(REPLACEMENT_MS_MAX, REPLACEMENT_MS_MIN * 2 ** (failures - 1));
}

/**
 * Keeps as many copies of a container running as are desired, and says where the healthy ones are.
 *
 * It is what ECS does for a service behind a load balancer: tasks that end or fail their health checks are replaced,
 * later and later where that goes on; a smaller count drains tasks, those that are not healthy yet first, then the
 * newest.
 */
export class ContainerService {
  readonly #options: ContainerServiceOptions;
  readonly #tasks = new Map<string, ContainerTask>();
  readonly #ended: TaskView[] = [];
  #desiredCount = 0;
  #created = 0;
  #turn = 0;
  #failures = 0;
  /** Before that no failed task is replaced, monotonic service time. */
  #notBeforeMs = 0;
  #isStopped = false;
  #cancelReplacement: () => void = () => undefined;
  readonly #stability = new Map<string, () => void>();
  /** Tasks of which something is left. */
  readonly #ends = new Set<Promise<void>>();

  constructor(options: ContainerServiceOptions) {
    this.#options = options;
  }

  get desiredCount(): number {
    return this.#desiredCount;
  }

  /** Base URLs of the healthy tasks, oldest first. */
  get addresses(): string[] {
    return [...this.#tasks.values()]
      .filter(({ phase }) => phase === "healthy")
      .flatMap(({ view }) => view.url ?? []);
  }

  /** The base URL of the healthy task whose turn it is; none where there is none. */
  nextAddress(): string | undefined {
    const { addresses } = this;
    if (addresses.length === 0) return undefined;
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER;
    return addresses[this.#turn % addresses.length];
  }

  /** The tasks there are, oldest first, after the last ones that have ended. */
  list(): TaskView[] {
    return [...this.#ended, ...[...this.#tasks.values()].map(({ view }) => view)];
  }

  /**
   * Starts or drains tasks until there are so many.
   *
   * @param count - 0 to 32.
   */
  setDesiredCount(count: number): void {
    invariant(
      Number.isInteger(count) && count >= 0 && count <= DESIRED_COUNT_MAX,
      `a desired count is an integer from 0 to ${DESIRED_COUNT_MAX}, not ${count}`,
    );
    if (this.#isStopped) return;
    this.#desiredCount = count;
    this.#reconcile();
  }

  /** Ends a task at once; it is replaced. @returns Whether there was such a task. */
  kill(taskId: string): boolean {
    const task = this.#tasks.get(taskId);
    task?.kill("killed");
    return task !== undefined;
  }

  /** Ends every task; settles within 1.8 s, when no process is left. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#desiredCount = 0;
    this.#cancelReplacement();
    const tasks = [...this.#tasks.values()];
    for (const task of tasks) task.drain("the emulator stops");
    const cancel = this.#options.timers.after(STOP_MS, () => {
      for (const task of tasks) task.kill("the emulator stops");
    });
    await Promise.all(this.#ends);
    cancel();
  }

  #reconcile(): void {
    if (this.#isStopped) return;
    this.#cancelReplacement();
    this.#cancelReplacement = () => undefined;
    const live = [...this.#tasks.values()].filter(({ phase }) => phase !== "draining");
    const surplus = live.length - this.#desiredCount;
    if (surplus > 0) {
      for (const task of inDrainOrder(live).slice(0, surplus)) task.drain("scale-in");
      return;
    }
    if (surplus === 0) return;
    const delayMs = this.#notBeforeMs - this.#options.clock.monotonicMs();
    if (delayMs > 0) {
      this.#cancelReplacement = this.#options.clock.after(delayMs, () => this.#reconcile());
      return;
    }
    for (let missing = -surplus; missing > 0; missing -= 1) this.#start();
  }

  #start(): void {
    const { definition, host, clock, timers, faults = NO_FAULTS } = this.#options;
    this.#created += 1;
    const task = new ContainerTask({
      id: `${definition.name}-${this.#created}`,
      definition,
      host,
      clock,
      timers,
      faults,
      onPhase: (changed) => this.#onPhase(changed),
      onEnding: (_task, isFailure) => this.#onEnding(isFailure),
      onNoCapacity: ({ view }) => this.#options.onEvent?.({ kind: "no-capacity", task: view }),
      onOutput: ({ id: taskId }, line) => this.#options.onEvent?.({ kind: "output", taskId, line }),
      onError: (error) => this.#options.onError?.(error),
    });
    this.#tasks.set(task.id, task);
    const end = task.ended.finally(() => this.#ends.delete(end));
    this.#ends.add(end);
    this.#options.onEvent?.({ kind: "task", task: task.view });
    task.begin();
  }

  #onPhase(task: ContainerTask): void {
    this.#options.onEvent?.({ kind: "task", task: task.view });
    this.#stability.get(task.id)?.();
    this.#stability.delete(task.id);
    if (task.phase === "healthy") {
      const settle = this.#options.clock.after(STABLE_MS, () => {
        this.#failures = 0;
      });
      this.#stability.set(task.id, settle);
    }
    if (task.phase !== "stopped") return;
    this.#tasks.delete(task.id);
    this.#ended.push(task.view);
    if (this.#ended.length > ENDED_MAX) this.#ended.shift();
  }

  /** A task that was not told to end is a failure, and makes the next one wait. */
  #onEnding(isFailure: boolean): void {
    if (this.#isStopped) return;
    if (isFailure) {
      this.#failures += 1;
      const delayMs = replacementDelayMs(this.#failures);
      this.#notBeforeMs = this.#options.clock.monotonicMs() + delayMs;
      this.#options.onEvent?.({ kind: "replacement", delayMs });
    }
    this.#reconcile();
  }
}

/** Those that serve nobody yet come first, then the newest. */
function inDrainOrder(tasks: readonly ContainerTask[]): ContainerTask[] {
  return tasks
    .toReversed()
    .toSorted((one, other) => Number(one.phase === "healthy") - Number(other.phase === "healthy"));
}
