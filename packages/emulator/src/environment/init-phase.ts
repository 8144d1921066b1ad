import type { Timers } from "@pilotlight/core";

import type { Status } from "./report.ts";

/** The init phase of an environment: its limit, how long it took, and how it went wrong. */
export class InitPhase {
  readonly #clock: Timers;
  #startMs = 0;
  #durationMs: number | undefined;
  #status: Status | undefined;
  #cancelLimit: (() => void) | undefined;

  constructor(clock: Timers) {
    this.#clock = clock;
  }

  /** How long it took, milliseconds; `undefined` until it has succeeded. */
  get durationMs(): number | undefined {
    return this.#durationMs;
  }

  /** The processes are about to start. */
  begin(limitMs: number, onLimit: () => void): void {
    this.#startMs = this.#clock.monotonicMs();
    this.#cancelLimit = this.#clock.after(limitMs, onLimit);
  }

  /** The limit holds no longer: it is over, or something else ends it. */
  release(): void {
    this.#cancelLimit?.();
  }

  /** It goes wrong; what went wrong first counts. */
  fail(status: Status): void {
    this.#status ??= status;
  }

  /** The processes wait for their first event. */
  succeed(): void {
    this.release();
    this.#durationMs = this.#clock.monotonicMs() - this.#startMs;
  }

  /** How it went, when it went wrong and nothing is left of its processes. */
  get failure(): { readonly durationMs: number; readonly status: Status } {
    return {
      durationMs: this.#clock.monotonicMs() - this.#startMs,
      status: this.#status ?? { kind: "error", errorType: "Runtime.ExitError" },
    };
  }
}
