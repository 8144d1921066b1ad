/**
 * Where an event source mapping is in its life.
 *
 * AWS names both kinds of updating `Updating`; they differ in what the mapping becomes.
 */
export type MappingPhase =
  | "creating"
  | "enabled"
  | "updating-enabled"
  | "disabling"
  | "disabled"
  | "updating-disabled"
  | "enabling"
  | "deleting"
  | "deleted";

/** What moves it on: a request of its user, or the end of what that request has started. */
export type MappingSignal = "update" | "enable" | "disable" | "delete" | "settled";

const TRANSITIONS: Readonly<
  Record<MappingPhase, Readonly<Partial<Record<MappingSignal, MappingPhase>>>>
> = {
  creating: { settled: "enabled" },
  enabled: {
    update: "updating-enabled",
    enable: "updating-enabled",
    disable: "disabling",
    delete: "deleting",
  },
  "updating-enabled": { settled: "enabled" },
  disabling: { settled: "disabled" },
  disabled: {
    update: "updating-disabled",
    enable: "enabling",
    disable: "updating-disabled",
    delete: "deleting",
  },
  "updating-disabled": { settled: "disabled" },
  enabling: { settled: "enabled" },
  deleting: { settled: "deleted" },
  deleted: {},
};

const STATES: Readonly<Record<MappingPhase, string>> = {
  creating: "Creating",
  enabled: "Enabled",
  "updating-enabled": "Updating",
  disabling: "Disabling",
  disabled: "Disabled",
  "updating-disabled": "Updating",
  enabling: "Enabling",
  deleting: "Deleting",
  deleted: "Deleted",
};

/** The phase after `signal`, or `undefined` where the signal is refused: AWS answers ResourceInUseException then. */
export function nextMappingPhase(
  phase: MappingPhase,
  signal: MappingSignal,
): MappingPhase | undefined {
  return TRANSITIONS[phase][signal];
}

/** The member `State` of the API. */
export function mappingState(phase: MappingPhase): string {
  return STATES[phase];
}

/** Whether messages are taken from the queue in that phase. */
export function isPolling(phase: MappingPhase): boolean {
  return phase === "enabled" || phase === "updating-enabled";
}
