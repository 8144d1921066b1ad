import type { Timers } from "@pilotlight/core";

import { realClock } from "../../clock.ts";

/** A clock of this machine that a test lets run faster while it waits for a timeout. */
export class HurriedClock implements Timers {
  #speed = 1;
  #sinceMs = realClock.monotonicMs();
  #atMs = this.#sinceMs;

  /** Runs `work` with a clock that is `speed` times as fast. */
  async hurry<T>(speed: number, work: () => Promise<T>): Promise<T> {
    this.#changeSpeed(speed);
    try {
      return await work();
    } finally {
      this.#changeSpeed(1);
    }
  }

  epochMs(): number {
    return realClock.epochMs();
  }

  monotonicMs(): number {
    return this.#atMs + (realClock.monotonicMs() - this.#sinceMs) * this.#speed;
  }

  after(delayMs: number, run: () => void): () => void {
    // Timers of whole milliseconds: one that is cut would ring before its time by this clock.
    return realClock.after(Math.ceil(delayMs / this.#speed) + 1, run);
  }

  #changeSpeed(speed: number): void {
    this.#atMs = this.monotonicMs();
    this.#sinceMs = realClock.monotonicMs();
    this.#speed = speed;
  }
}
