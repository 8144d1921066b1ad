/**
 * Where a provisioned concurrency configuration is.
 *
 * `preparing` and `allocating` are AWS's IN_PROGRESS, before and after the first environment is started.
 */
export type ConfigurationPhase = "preparing" | "allocating" | "ready" | "failed" | "removed";

/**
 * What moves it on: it asks for another number or another version, its preparation is over, all environments are
 * there, too many of them have failed to initialise, or it is deleted.
 */
export type ConfigurationSignal =
  | "requested"
  | "prepared"
  | "completed"
  | "init_failed"
  | "removed";

/** AWS's word for a phase. */
export type ConfigurationStatus = "IN_PROGRESS" | "READY" | "FAILED";

const TRANSITIONS: Readonly<
  Record<ConfigurationPhase, Readonly<Partial<Record<ConfigurationSignal, ConfigurationPhase>>>>
> = {
  preparing: { requested: "preparing", prepared: "allocating", removed: "removed" },
  allocating: {
    requested: "preparing",
    completed: "ready",
    init_failed: "failed",
    removed: "removed",
  },
  ready: { requested: "preparing", init_failed: "failed", removed: "removed" },
  failed: { requested: "preparing", removed: "removed" },
  removed: {},
};

const STATUSES: Readonly<Record<Exclude<ConfigurationPhase, "removed">, ConfigurationStatus>> = {
  preparing: "IN_PROGRESS",
  allocating: "IN_PROGRESS",
  ready: "READY",
  failed: "FAILED",
};

/** The phase after `signal`; a signal that the phase does not take changes nothing. */
export function nextConfigurationPhase(
  phase: ConfigurationPhase,
  signal: ConfigurationSignal,
): ConfigurationPhase {
  return TRANSITIONS[phase][signal] ?? phase;
}

/** @returns Nothing for a configuration that is deleted. */
export function statusOf(phase: ConfigurationPhase): ConfigurationStatus | undefined {
  return phase === "removed" ? undefined : STATUSES[phase];
}
