import type { FunctionVersion } from "../../environment/contract.ts";
import type { ProvisionedGroup } from "../pool-provisioned.ts";
import {
  type ConfigurationPhase,
  type ConfigurationSignal,
  nextConfigurationPhase,
} from "./configuration-phase.ts";

/** What a configuration needs of whoever keeps it. */
export interface ConfigurationHost {
  /** Calls after service time. @returns Cancels the call. */
  after(delayMs: number, run: () => void): () => void;
  drawPreparationMs(): number;
  /** Takes up to `count` from the rate at which the function's environments may be started. */
  takeStarts(functionName: string, count: number): number;
  group(version: FunctionVersion): ProvisionedGroup;
  /** Tells the ledger what a version's configuration asks for. */
  claim(version: FunctionVersion, claim: number): void;
  /** Tells the ledger how many environments of a version can be used. */
  ready(version: FunctionVersion, usable: number): void;
}

/** Failed init phases in a row after which AWS gives a configuration up; recorded 2026-02-17. */
const INIT_ATTEMPTS_MAX = 6;

/** Where nothing has to be started, AWS's preparation has nothing to prepare; how long it says so is not known. */
const LOWERING_MS = 1_000;

/** When environments are left over from the rate, the next ones follow after this. */
const STEP_MS = 100;

/** The provisioned concurrency of one version: how many environments are wanted, and how far they are. */
export class ProvisionedConfiguration {
  readonly #host: ConfigurationHost;
  #version: FunctionVersion;
  #requested = 0;
  #phase: ConfigurationPhase = "preparing";
  #failures = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(version: FunctionVersion, host: ConfigurationHost) {
    this.#version = version;
    this.#host = host;
  }

  get version(): FunctionVersion {
    return this.#version;
  }

  get requested(): number {
    return this.#requested;
  }

  get phase(): ConfigurationPhase {
    return this.#phase;
  }

  /** Environments that requests can have now, the busy ones included. */
  get available(): number {
    return this.#group.usable;
  }

  /**
   * Environments that are allocated: those that have to be replaced in a configuration that is ready stay
   * allocated, and are not available.
   */
  get allocated(): number {
    return this.#phase === "ready" ? this.#requested : this.available;
  }

  /**
   * Asks for `count` environments of a version; those of another version end.
   *
   * More than there are come after a preparation, all at once; fewer at once.
   */
  request(version: FunctionVersion, count: number): void {
    if (version !== this.#version) this.#release();
    this.#version = version;
    this.#requested = count;
    this.#failures = 0;
    this.#signal("requested");
    this.#host.claim(version, count);
    const group = this.#group;
    this.#listen(group);
    group.keep(count);
    const isEnough = group.usable >= count;
    group.trim(Math.min(count, group.usable));
    this.#cancelTimer?.();
    this.#cancelTimer = this.#host.after(
      isEnough ? LOWERING_MS : this.#host.drawPreparationMs(),
      () => {
        this.#signal("prepared");
        this.#advance();
      },
    );
  }

  /** Ends it: idle environments at once, busy ones when they are free. */
  remove(): void {
    this.stop();
    this.#release();
  }

  /** Starts nothing more; what runs is left to the pool. */
  stop(): void {
    this.#cancelTimer?.();
    this.#signal("removed");
    this.#group.events = undefined;
  }

  get #group(): ProvisionedGroup {
    return this.#host.group(this.#version);
  }

  #release(): void {
    const group = this.#group;
    group.events = undefined;
    group.trim(0);
    this.#host.ready(this.#version, 0);
    this.#host.claim(this.#version, 0);
  }

  #listen(group: ProvisionedGroup): void {
    const version = this.#version;
    group.events = {
      onInitialised: () => {
        this.#failures = 0;
        this.#advance();
      },
      onInitFailed: () => this.#initFailed(),
      onLost: () => this.#advance(),
      onUsable: (usable) => this.#host.ready(version, usable),
    };
  }

  #initFailed(): void {
    this.#failures += 1;
    if (this.#failures >= INIT_ATTEMPTS_MAX) {
      this.#signal("init_failed");
      const group = this.#group;
      group.trim(group.usable);
    }
    this.#advance();
  }

  /** Starts what is missing, and admits what is complete. */
  #advance(): void {
    if (this.#phase !== "allocating" && this.#phase !== "ready") return;
    const group = this.#group;
    const { starting, held } = group.pending;
    // A batch is usable as a whole; what replaces a lost environment is usable at once.
    if (group.usable + held >= this.#requested || this.#phase === "ready") {
      this.#signal("completed");
      if (held > 0) group.admit();
    }
    const missing = this.#requested - group.usable - group.pending.held - starting;
    if (missing > 0) this.#start(missing);
  }

  #start(missing: number): void {
    const count = this.#host.takeStarts(this.#version.functionName, missing);
    this.#group.allocate(count);
    if (count === missing) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#host.after(STEP_MS, () => this.#advance());
  }

  #signal(signal: ConfigurationSignal): void {
    this.#phase = nextConfigurationPhase(this.#phase, signal);
  }
}
