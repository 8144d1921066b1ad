import type { EnvironmentPhase, ExecutionEnvironment } from "../environment/contract.ts";

/** One execution environment as `GET /_pilotlight/environments` shows it. */
export interface EnvironmentSummary {
  readonly id: string;
  readonly function: string;
  readonly version: string;
  readonly phase: EnvironmentPhase;
  readonly startedBy: "on-demand";
  readonly invocations: number;
  readonly initDurationMs: number | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Why it ended; absent while it lives. */
  readonly endedCause?: string;
}

/** @param endedCause - Why it ended, where it has. */
export function describeEnvironment(
  environment: ExecutionEnvironment,
  endedCause?: string,
): EnvironmentSummary {
  return {
    id: environment.id,
    function: environment.version.functionName,
    version: environment.version.version,
    phase: environment.phase,
    startedBy: "on-demand",
    invocations: environment.invocationCount,
    initDurationMs: environment.initDurationMs ?? null,
    startedAt: new Date(environment.startedAtEpochMs).toISOString(),
    ...(endedCause === undefined ? {} : { endedCause }),
  };
}
