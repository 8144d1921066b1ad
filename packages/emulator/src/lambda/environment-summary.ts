import type { EnvironmentPhase, ExecutionEnvironment } from "../environment/contract.ts";

/** Why an environment was started: for a request, or ahead, for provisioned concurrency. */
export type StartedBy = "on-demand" | "provisioned";

/** One execution environment as `GET /_pilotlight/environments` shows it. */
export interface EnvironmentSummary {
  readonly id: string;
  readonly function: string;
  readonly version: string;
  readonly phase: EnvironmentPhase;
  readonly startedBy: StartedBy;
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
  { startedBy, endedCause }: { readonly startedBy: StartedBy; readonly endedCause?: string },
): EnvironmentSummary {
  return {
    id: environment.id,
    function: environment.version.functionName,
    version: environment.version.version,
    phase: environment.phase,
    startedBy,
    invocations: environment.invocationCount,
    initDurationMs: environment.initDurationMs ?? null,
    startedAt: new Date(environment.startedAtEpochMs).toISOString(),
    ...(endedCause === undefined ? {} : { endedCause }),
  };
}
