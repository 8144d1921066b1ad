import type { Timers } from "@pilotlight/core";

interface AgendaOptions {
  readonly clock: Timers;
  /** Called when an entry is due; it is no longer in the agenda then. */
  readonly onDue: (key: string, dueEpochMs: number) => void;
}

/** Wall time may jump, when a laptop wakes up for instance, so that it is looked at this often at least. */
const LOOK_MS_MAX = 60_000;

/** What is to happen at which wall time; one timer, for the earliest of them. */
export class Agenda {
  readonly #clock: Timers;
  readonly #onDue: AgendaOptions["onDue"];
  readonly #dueMs = new Map<string, number>();
  #armedForMs = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => undefined;

  constructor({ clock, onDue }: AgendaOptions) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Enters or moves an entry. @param dueEpochMs - Wall time; what is past is due at once. */
  set(key: string, dueEpochMs: number): void {
    const before = this.#dueMs.get(key);
    this.#dueMs.set(key, dueEpochMs);
    if (dueEpochMs < this.#armedForMs) this.#arm(dueEpochMs);
    else if (before === this.#armedForMs) this.#arm(this.#earliestMs());
  }

  delete(key: string): void {
    const before = this.#dueMs.get(key);
    if (!this.#dueMs.delete(key)) return;
    if (before === this.#armedForMs) this.#arm(this.#earliestMs());
  }

  /** Forgets everything. */
  clear(): void {
    this.#dueMs.clear();
    this.#arm(Number.POSITIVE_INFINITY);
  }

  #arm(dueMs: number): void {
    this.#cancel();
    this.#armedForMs = dueMs;
    this.#cancel = () => undefined;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(LOOK_MS_MAX, Math.max(1, dueMs - this.#clock.epochMs()));
    this.#cancel = this.#clock.after(delayMs, () => this.#ring());
  }

  #ring(): void {
    const nowMs = this.#clock.epochMs();
    const due = [...this.#dueMs].filter(([, dueMs]) => dueMs <= nowMs);
    for (const [key] of due) this.#dueMs.delete(key);
    this.#arm(this.#earliestMs());
    for (const [key, dueMs] of due.toSorted(([, one], [, other]) => one - other)) {
      this.#onDue(key, dueMs);
    }
  }

  #earliestMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const dueMs of this.#dueMs.values()) earliestMs = Math.min(earliestMs, dueMs);
    return earliestMs;
  }
}
