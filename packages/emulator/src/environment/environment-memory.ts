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
  /** Told in one sentence what the host does not allow, and what is done instead. */
  readonly onTrouble: (line: string) => void;
}

/** The memory of one environment: its limit, and the most that it has used. */
export class EnvironmentMemory {
  readonly #limitMb: number;
  readonly #limit: MemoryLimit;
  readonly #peak: PeakMemory;
  readonly #subject: MemorySubject;
  readonly #cgroup: MemoryCgroup | undefined;
  readonly #onTrouble: (line: string) => void;
  #holders: MemoryHolders | undefined;
  #seenBytes = 0;

  constructor({ name, limitMb, limit, clock, onTrouble }: EnvironmentMemoryOptions) {
    this.#limitMb = limitMb;
    this.#onTrouble = onTrouble;
    this.#peak = new PeakMemory(clock);
    this.#cgroup = limit === "cgroup" ? cgroupOf(name, { limitMb, onTrouble }) : undefined;
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
    if (pid === undefined) return;
    this.#try("limit a process by its control group", () => this.#cgroup?.add(pid));
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
    this.#try("remove a control group", () => this.#cgroup?.remove());
  }

  /** A process that has left its group may still be in the control group, or be gone already. */
  #try(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#onTrouble(`The emulator could not ${what}: ${reason}`);
    }
  }
}

function cgroupOf(
  name: string,
  { limitMb, onTrouble }: Pick<EnvironmentMemoryOptions, "limitMb" | "onTrouble">,
): MemoryCgroup | undefined {
  try {
    return MemoryCgroup.make(name, limitMb * BYTES_PER_MB);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    onTrouble(
      `Memory cannot be limited by a control group on this host, and is limited by sampling instead: ${reason}`,
    );
    return undefined;
  }
}
