import type { Timers } from "@pilotlight/core";

import type { FaultSource } from "../faults/contract.ts";
import type { ContainerDefinition, ContainerHost, ContainerProcess, TaskView } from "./contract.ts";
import { nextTaskPhase, type TaskPhase, type TaskSignal } from "./task-phase.ts";

/**
 * From a desired count of 0 to the first answer, ECS Managed Instances with a GPU took 165 to 197 s with a small image
 * model, and 527 to 586 s with a large language model (a public measurement of September 2026).
 */
const BOOT_MS = 180_000;

/** ECS's default: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html, read 2026-11-24 */
const STOP_TIMEOUT_MS = 30_000;

/**
 * A target of a load balancer is healthy after its first pass, and unhealthy after two failures; 5 s is the shortest
 * interval and the default timeout.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html, read 2026-11-24
 */
const HEALTH_CHECK = {
  intervalMs: 5_000,
  timeoutMs: 5_000,
  healthyThreshold: 1,
  unhealthyThreshold: 2,
  graceMs: 600_000,
} as const;

/** How often a machine is asked for that is not to be had, service time; ECS does not say. */
const PLACEMENT_MS = 60_000;

interface ContainerTaskOptions {
  readonly id: string;
  readonly definition: ContainerDefinition;
  readonly host: ContainerHost;
  /** Service time: placement and boot. */
  readonly clock: Timers;
  /** Real time: health checks and the stop timeout. */
  readonly timers: Timers;
  readonly faults: FaultSource;
  readonly onPhase: (task: ContainerTask) => void;
  /** It will serve nobody any more; called once, after `onPhase`. */
  readonly onEnding: (task: ContainerTask, isFailure: boolean) => void;
  readonly onNoCapacity: (task: ContainerTask) => void;
  readonly onOutput: (task: ContainerTask, line: string) => void;
  /** Told of what goes wrong in the emulator itself. */
  readonly onError: (error: unknown) => void;
}

/** One copy of a container, from the search for a machine to its end. */
export class ContainerTask {
  readonly id: string;
  readonly createdAtEpochMs: number;
  /** Settles when the task has stopped and nothing of its process is left. */
  readonly ended: Promise<void>;
  readonly #options: ContainerTaskOptions;
  readonly #resolveEnded: () => void;
  #phase: TaskPhase = "provisioning";
  #cause: string | undefined;
  #port: number | undefined;
  #process: ContainerProcess | undefined;
  #startedMs = 0;
  #passes = 0;
  #failures = 0;
  #wasHealthy = false;
  /** The one timer of the phase: placement, boot, the next check, or the end of the stop timeout. */
  #cancel: () => void = () => undefined;

  constructor(options: ContainerTaskOptions) {
    this.id = options.id;
    this.#options = options;
    this.createdAtEpochMs = options.clock.epochMs();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  get phase(): TaskPhase {
    return this.#phase;
  }

  get view(): TaskView {
    return {
      id: this.id,
      phase: this.#phase,
      pid: this.#process?.pid,
      url: this.#process === undefined ? undefined : this.#url,
      createdAtEpochMs: this.createdAtEpochMs,
      cause: this.#cause,
    };
  }

  /** Looks for a machine. */
  begin(): void {
    const { faults, definition, clock } = this.#options;
    const fault = faults.take("container-capacity", { containerName: definition.name });
    if (fault?.kind === "no-gpu-capacity") {
      if (!this.#signal("no_capacity")) return;
      this.#cancel = clock.after(PLACEMENT_MS, () => this.begin());
      this.#options.onNoCapacity(this);
      return;
    }
    if (!this.#signal("placed")) return;
    this.#cancel = clock.after(definition.bootMs ?? BOOT_MS, () => {
      this.#boot().catch(this.#options.onError);
    });
  }

  /** Lets the task finish, and then end. */
  drain(cause: string): void {
    if (this.#signal("drain", cause)) this.#terminate();
  }

  /** Ends the task at once. */
  kill(cause: string): void {
    if (this.#signal("kill", cause)) this.#process?.kill();
  }

  get #url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async #boot(): Promise<void> {
    const { definition, faults, host, timers } = this.#options;
    const fault = faults.take("container-boot", { containerName: definition.name });
    if (fault?.kind === "container-boot-failure") {
      this.#signal("boot_failed", "the container could not be started");
      return;
    }
    try {
      const port = await host.freePort();
      // It may have been told to end while the port was looked for.
      if (this.#phase !== "pending") return;
      this.#port = port;
      this.#process = host.start({
        definition,
        port,
        onOutput: (line) => this.#options.onOutput(this, line),
        onExit: (reason) => this.#signal("lost", reason),
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#signal("boot_failed", `could not be started: ${reason}`);
      return;
    }
    this.#startedMs = timers.monotonicMs();
    if (this.#signal("started")) this.#planCheck(0);
  }

  #planCheck(delayMs: number): void {
    this.#cancel = this.#options.timers.after(delayMs, () => {
      this.#check().catch(this.#options.onError);
    });
  }

  async #check(): Promise<void> {
    const { definition, faults, host } = this.#options;
    const { path, intervalMs, timeoutMs } = { ...HEALTH_CHECK, ...definition.healthCheck };
    const fault = faults.take("container-health", { containerName: definition.name });
    const isWell = await host.check(this.#url + path, timeoutMs);
    if (this.#phase !== "running" && this.#phase !== "healthy") return;
    this.#count(isWell && fault?.kind !== "health-flapping");
    if (this.#phase === "running" || this.#phase === "healthy") this.#planCheck(intervalMs);
  }

  #count(isWell: boolean): void {
    const check = { ...HEALTH_CHECK, ...this.#options.definition.healthCheck };
    this.#passes = isWell ? this.#passes + 1 : 0;
    const age = this.#options.timers.monotonicMs() - this.#startedMs;
    const isExcused = !this.#wasHealthy && age < check.graceMs;
    this.#failures = isWell || isExcused ? 0 : this.#failures + 1;
    if (this.#phase === "running" && this.#passes >= check.healthyThreshold) {
      this.#wasHealthy = true;
      this.#signal("passed");
    }
    if (this.#failures >= check.unhealthyThreshold) {
      this.#signal("failed", `failed ${this.#failures} health checks in a row`);
      this.#terminate();
    }
  }

  #terminate(): void {
    if (this.#phase !== "draining") return;
    this.#process?.terminate();
    const { timers, definition } = this.#options;
    this.#cancel = timers.after(definition.stopTimeoutMs ?? STOP_TIMEOUT_MS, () => {
      this.#process?.kill();
    });
  }

  /** @returns Whether the signal was taken. */
  #signal(signal: TaskSignal, cause?: string): boolean {
    const next = nextTaskPhase(this.#phase, signal);
    if (next === undefined) return false;
    const before = this.#phase;
    // The stop timeout of a task that is told to end a second time goes on.
    if (next !== "draining" || before !== "draining") this.#cancel();
    // Why it was told to end counts more than how it then did.
    this.#cause ??= cause;
    this.#phase = next;
    if (next === before) return true;
    if (next === "stopped") void this.#end();
    this.#options.onPhase(this);
    if (isEnding(next) && !isEnding(before)) {
      this.#options.onEnding(this, signal !== "drain" && signal !== "kill");
    }
    return true;
  }

  async #end(): Promise<void> {
    await this.#process?.gone;
    this.#resolveEnded();
  }
}

function isEnding(phase: TaskPhase): boolean {
  return phase === "draining" || phase === "stopped";
}
