import type { EventEmitter } from "node:events";
import { constants } from "node:os";

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A stop in order is over by then; whoever asks again later wants it at once. */
const PATIENCE_MS = 2_000;

interface StopSignalOptions {
  /** Where the system's signals arrive. */
  readonly source: Pick<EventEmitter, "on">;
  readonly nowMs: () => number;
  /** Ends the process without more ado. */
  readonly end: (signal: NodeJS.Signals) => void;
}

/**
 * Aborts at the first signal to stop.
 *
 * A signal that is repeated soon changes nothing: a terminal's Ctrl-C reaches npm and this process, and npm passes
 * its own on. One that comes more than 2 s after the first ends the process hard.
 */
export function stopSignal({
  source = process,
  nowMs = () => performance.now(),
  end = endHard,
}: Partial<StopSignalOptions> = {}): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  for (const signal of STOP_SIGNALS) {
    source.on(signal, () => {
      firstMs ??= nowMs();
      if (nowMs() - firstMs > PATIENCE_MS) end(signal);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Settles when the signal aborts, or has aborted. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((settle) => {
    signal.addEventListener("abort", () => settle(), { once: true });
  });
}

function endHard(signal: NodeJS.Signals): void {
  process.stderr.write(`${signal} again: ended before everything was stopped\n`);
  // As shells say it of a process that a signal has ended.
  process.exit(128 + constants.signals[signal]);
}
