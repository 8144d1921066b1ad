import type { EnvironmentPhase } from "./contract.ts";

/**
 * What moves an environment on.
 *
 * - `ready`: its process asked for the next event. While invoking, this ends an init that was
 *   repeated inside the invocation.
 * - `init_failed`: its process ended, or was ended, before it asked for an event.
 * - `invoke`: an invocation was given to it.
 * - `answer`: the outcome of the invocation is known, and the process is still there.
 * - `lost`: its process ended by itself or was ended for a timeout.
 * - `reset`: nothing is left of the lost process.
 * - `stop`: it is to end.
 */
export type EnvironmentSignal =
  | "ready"
  | "init_failed"
  | "invoke"
  | "answer"
  | "lost"
  | "reset"
  | "stop";

/**
 * The life of an environment.
 *
 * A lost process costs its environment only while it has work: /tmp and identity survive a reset,
 * and the next invocation starts a new process. A process that ends while idle has nothing to
 * report to, so its environment ends too.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
export const ENVIRONMENT_TRANSITIONS: Readonly<
  Record<EnvironmentPhase, Readonly<Partial<Record<EnvironmentSignal, EnvironmentPhase>>>>
> = {
  // The first invocation may come before the end of the init phase, and waits for it.
  initialising: {
    invoke: "initialising",
    ready: "idle",
    init_failed: "resetting",
    stop: "stopped",
  },
  idle: { invoke: "invoking", lost: "stopped", stop: "stopped" },
  invoking: { ready: "invoking", answer: "answered", lost: "resetting", stop: "stopped" },
  answered: { ready: "idle", lost: "resetting", stop: "stopped" },
  resetting: { reset: "idle", stop: "stopped" },
  stopped: {},
};

/** The phase after `signal`, or `undefined` where the signal is refused. */
export function nextPhase(
  phase: EnvironmentPhase,
  signal: EnvironmentSignal,
): EnvironmentPhase | undefined {
  return ENVIRONMENT_TRANSITIONS[phase][signal];
}
