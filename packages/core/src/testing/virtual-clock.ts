import type { Timers } from "../clock.ts";
import { invariant } from "../errors.ts";

interface Alarm {
  readonly dueMs: number;
  readonly run: () => void;
}

/** A clock that stands still until a test moves it; alarms ring in the order in which they fall due. */
export class VirtualClock implements Timers {
  #nowMs: number;
  readonly #startMs: number;
  #alarms: Alarm[] = [];

  /** @param startMs - Epoch time at the start, milliseconds. */
  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  epochMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const alarm = { dueMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /** Moves time on by `ms` and runs what falls due on the way. */
  advanceMs(ms: number): void {
    invariant(ms >= 0, `time cannot go back by ${-ms} ms`);
    const endMs = this.#nowMs + ms;
    for (let next = this.#nextDue(endMs); next !== undefined; next = this.#nextDue(endMs)) {
      const due = next;
      this.#alarms = this.#alarms.filter((other) => other !== due);
      this.#nowMs = Math.max(this.#nowMs, due.dueMs);
      due.run();
    }
    this.#nowMs = endMs;
  }

  #nextDue(endMs: number): Alarm | undefined {
    const due = this.#alarms.filter((alarm) => alarm.dueMs <= endMs);
    return due.toSorted((a, b) => a.dueMs - b.dueMs)[0];
  }
}
