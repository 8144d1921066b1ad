import type { Timers } from "@pilotlight/core";

import { realClock } from "../clock.ts";
import { type ResidentMemory, residentMemory } from "./resident-memory.ts";

/** What is to be kept below its limit. */
export interface MemorySubject {
  readonly limitBytes: number;
  /** Leaders of its process groups. */
  pids(): readonly number[];
  /** Called with every reading. */
  onReading(bytes: number): void;
  /** Called once, when a reading is above the limit. */
  onOver(): void;
}

/**
 * Looks at the resident memory of all that works, with one timer for all; without work there is none.
 *
 * What works for less than a period is not looked at.
 */
export class MemoryWatchdog {
  readonly #memory: ResidentMemory;
  readonly #clock: Timers;
  /** When each one began to work. */
  readonly #subjects = new Map<MemorySubject, number>();
  #isArmed = false;

  constructor({ memory, clock }: { memory: ResidentMemory; clock: Timers }) {
    this.#memory = memory;
    this.#clock = clock;
  }

  /** Looks at it until {@link MemoryWatchdog.unwatch}. */
  watch(subject: MemorySubject): void {
    this.#subjects.set(subject, this.#clock.monotonicMs());
    this.#arm();
  }

  unwatch(subject: MemorySubject): void {
    this.#subjects.delete(subject);
  }

  #arm(): void {
    if (this.#isArmed || this.#subjects.size === 0) return;
    this.#isArmed = true;
    this.#clock.after(this.#memory.periodMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const beforeMs = this.#clock.monotonicMs() - this.#memory.periodMs;
    const due = [...this.#subjects].flatMap(([subject, sinceMs]) =>
      sinceMs <= beforeMs ? [subject] : [],
    );
    const readings =
      due.length === 0 ? [] : await this.#memory.read(due.map((subject) => subject.pids()));
    for (const [index, subject] of due.entries()) {
      const bytes = readings[index] ?? 0;
      if (!this.#subjects.has(subject)) continue;
      subject.onReading(bytes);
      if (bytes <= subject.limitBytes) continue;
      this.#subjects.delete(subject);
      subject.onOver();
    }
    this.#isArmed = false;
    this.#arm();
  }
}

/** All environments of this process share one. */
export const MEMORY_WATCHDOG = new MemoryWatchdog({ memory: residentMemory(), clock: realClock });
