import { readFileSync } from "node:fs";

import { BYTES_PER_MB, type Timers } from "@pilotlight/core";

const PEAK = /^VmHWM:\s+(\d+) kB$/m;

/** A peak only grows, and reading it costs as much as a good part of a warm invocation. */
const READ_MS_MIN = 250;

/**
 * The largest resident memory of an environment's processes.
 *
 * It counts the shared pages of Node itself, as AWS's Max Memory Used does not exactly.
 */
export class PeakMemory {
  readonly #clock: Timers;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #pid: number | undefined;
  #peakMb: number | undefined;

  constructor(clock: Timers) {
    this.#clock = clock;
  }

  /**
   * The peak so far, MB, rounded up.
   *
   * @param pid - The process that runs now; without one the last reading counts.
   * @returns `undefined` where the system has no /proc.
   */
  of(pid: number | undefined): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (pid === undefined || (pid === this.#pid && nowMs - this.#readAtMs < READ_MS_MIN)) {
      return this.#peakMb;
    }
    this.#pid = pid;
    this.#readAtMs = nowMs;
    this.#peakMb = peakOf(pid) ?? this.#peakMb;
    return this.#peakMb;
  }
}

function peakOf(pid: number): number | undefined {
  const kilobytes = PEAK.exec(statusOf(pid))?.[1];
  return kilobytes === undefined ? undefined : Math.ceil((Number(kilobytes) * 1024) / BYTES_PER_MB);
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    // No /proc on this system, or the process has just ended: there is no figure then.
    return "";
  }
}
