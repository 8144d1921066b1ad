import { BYTES_PER_MB, type Timers } from "@pilotlight/core";

import { MemoryCgroup } from "./memory-cgroup.ts";
import type { MemoryLimit } from "./memory-limit.ts";
import { MEMORY_WATCHDOG, type MemorySubject } from "./memory-watchdog.ts";
import { PeakMemory } from "./peak-memory.ts";

/** The processes whose memory counts. */
export interface MemoryHolders {
  /** Leaders of their groups. */
  readonly pids: readonly number[];
  /** The one that is killed when together they are over the limit. */
  readonly runtime:
    | { readonly pid: number | undefined; signal(signal: "SIGKILL"): void }
    | undefined;
}

export interface EnvironmentMemoryOptions {
  readonly name: string;
  readonly limitMb: number;
  readonly limit: MemoryLimit;
  readonly clock: Timers;
  /** Told in one sentence when the host does not allow what was asked for, and the watchdog does it. */
  readonly onFallback: (line: string) => void;
}

/** The memory of one environment: its limit, and the most that it has used. */
export class EnvironmentMemory {
  readonly #limitMb: number;
  readonly #limit: MemoryLimit;
  readonly #peak: PeakMemory;
  readonly #subject: MemorySubject;
  readonly #cgroup: MemoryCgroup | undefined;
  #holders: MemoryHolders | undefined;
  #seenBytes = 0;

  constructor({ name, limitMb, limit, clock, onFallback }: EnvironmentMemoryOptions) {
    this.#limitMb = limitMb;
    this.#peak = new PeakMemory(clock);
    this.#cgroup = limit === "cgroup" ? cgroupOf(name, { limitMb, onFallback }) : undefined;
    this.#limit = limit === "cgroup" && this.#cgroup === undefined ? "watchdog" : limit;
    this.#subject = {
      limitBytes: limitMb * BYTES_PER_MB,
      pids: () => this.#holders?.pids ?? [],
      onReading: (bytes) => {
        this.#seenBytes = Math.max(this.#seenBytes, bytes);
      },
      onOver: () => this.#holders?.runtime?.signal("SIGKILL"),
    };
  }

  /** A process has started. */
  add(pid: number | undefined): void {
    if (pid !== undefined) this.#cgroup?.add(pid);
  }

  /** The processes work. */
  watch(holders: MemoryHolders): void {
    this.#holders = holders;
    if (this.#limit === "watchdog") MEMORY_WATCHDOG.watch(this.#subject);
  }

  /** The processes wait or have ended. */
  unwatch(): void {
    MEMORY_WATCHDOG.unwatch(this.#subject);
  }

  /** Looks at the peak of the runtime now. */
  look(): void {
    this.#peak.of(this.#holders?.runtime?.pid);
  }

  /**
   * The most that was in use so far, MB, rounded up; never above the limit, where there is one.
   *
   * @param pid - The runtime that runs now; without one the last reading counts.
   */
  peakMb(pid: number | undefined): number {
    const seenMb = Math.ceil(
      Math.max(this.#seenBytes, this.#cgroup?.peakBytes ?? 0) / BYTES_PER_MB,
    );
    const peakMb = Math.max(seenMb, this.#peak.of(pid) ?? 0) || this.#limitMb;
    return this.#limit === "none" ? peakMb : Math.min(this.#limitMb, peakMb);
  }

  /** Nothing runs any more. */
  close(): void {
    this.unwatch();
    this.#cgroup?.remove();
  }
}

function cgroupOf(
  name: string,
  { limitMb, onFallback }: Pick<EnvironmentMemoryOptions, "limitMb" | "onFallback">,
): MemoryCgroup | undefined {
  try {
    return MemoryCgroup.make(name, limitMb * BYTES_PER_MB);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    onFallback(
      `Memory cannot be limited by a control group on this host, and is limited by sampling instead: ${reason}`,
    );
    return undefined;
  }
}
