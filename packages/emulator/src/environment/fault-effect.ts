import type { Timers } from "@pilotlight/core";

import type { Fault } from "../faults/contract.ts";

/** What a fault can do to the processes of an environment. */
export interface FaultTarget {
  signal(signal: NodeJS.Signals): void;
  freeze(): void;
  thaw(): void;
}

/** Lets a fault of the init phase strike processes that have just been started. */
export function strikeInit(target: FaultTarget, fault: Fault | undefined, clock: Timers): void {
  if (fault?.kind === "init-failure") target.signal("SIGKILL");
  if (fault?.kind !== "init-slow") return;
  target.freeze();
  clock.after(fault.delayMs, () => target.thaw());
}

/** Lets a fault of an invocation strike, before the processes get its event. */
export function strikeInvocation(target: FaultTarget, fault: Fault | undefined): void {
  // A process that stands still answers nothing, so the function runs into its timeout.
  if (fault?.kind === "hang") target.signal("SIGSTOP");
  // This is how the system ends a process that is over its limit.
  if (fault?.kind === "out-of-memory") target.signal("SIGKILL");
}

/** The status with which the process is to exit instead of running the function. */
export function exitCodeOf(fault: Fault | undefined): number | undefined {
  return fault?.kind === "crash" ? fault.exitCode : undefined;
}
