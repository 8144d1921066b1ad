const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Settles at the first signal to stop.
 *
 * Repeated signals change nothing: a terminal's Ctrl-C reaches npm and this process, and npm passes its own on.
 */
export function untilStopSignal(): Promise<void> {
  return new Promise((settle) => {
    for (const signal of STOP_SIGNALS) process.on(signal, () => settle());
  });
}
