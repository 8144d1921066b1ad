import { invariant, type Timers } from "@pilotlight/core";

/** A longer delay makes setTimeout fire at once, so it is waited for in parts. */
const TIMEOUT_MS_MAX = 2_147_483_647;

/** The clock of the machine: function timeouts, deadlines and the init limit always use this one. */
export const realClock: Timers = {
  epochMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => afterRealMs(delayMs, run),
};

/**
 * A clock that runs `speed` times as fast as the machine's; every emulated service delay uses it.
 *
 * Both of its readings start from the machine's and then advance by `speed` milliseconds for each
 * real one.
 *
 * @param speed - Positive factor; 60 makes a minute of the clock last a second.
 */
export function scaledClock(speed: number): Timers {
  invariant(speed > 0, `a clock runs at a positive speed, not ${speed}`);
  const startEpochMs = Date.now();
  const startMs = performance.now();
  const elapsedMs = () => (performance.now() - startMs) * speed;
  return {
    epochMs: () => startEpochMs + Math.floor(elapsedMs()),
    monotonicMs: () => startMs + elapsedMs(),
    after: (delayMs, run) => afterRealMs(delayMs / speed, run),
  };
}

function afterRealMs(delayMs: number, run: () => void): () => void {
  if (delayMs <= TIMEOUT_MS_MAX) {
    const timer = setTimeout(run, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  }
  let cancel = () => clearTimeout(timer);
  const timer = setTimeout(() => {
    cancel = afterRealMs(delayMs - TIMEOUT_MS_MAX, run);
  }, TIMEOUT_MS_MAX);
  return () => cancel();
}
