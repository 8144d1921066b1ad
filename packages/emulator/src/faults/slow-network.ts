import type { Timers } from "@pilotlight/core";

import type { FaultSource } from "./contract.ts";

/**
 * The way of a request to one of the emulator's addresses.
 *
 * @param timers - Real time: callers have timeouts of their own.
 * @returns Nothing where the network is as fast as ever, so that nobody waits for it.
 */
export function networkHop(
  hop: "http-api" | "aws-endpoint",
  { faults, timers }: { faults: FaultSource; timers: Timers },
): () => Promise<void> | undefined {
  return () => {
    const fault = faults.take("network", { hop });
    if (fault?.kind !== "slow-network") return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    timers.after(fault.delayMs, resolve);
    return promise;
  };
}
