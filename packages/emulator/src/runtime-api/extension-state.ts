/**
 * Where an extension is in its life, by AWS's own names: they stand in its error texts.
 *
 * @see aws-lambda-runtime-interface-emulator@4fa2157, internal/lambda/core/externalagent_states.go
 */
export type ExtensionState =
  | "Started"
  | "Registered"
  | "Ready"
  | "Running"
  | "InitError"
  | "ExitError"
  | "LaunchError";

/**
 * What moves an extension on: `register`, `next`, `init_error` and `exit_error` are calls that it makes;
 * `event` is handed to its waiting `next`; `unlaunchable` is an executable that cannot be started.
 */
export type ExtensionSignal =
  | "register"
  | "next"
  | "event"
  | "init_error"
  | "exit_error"
  | "unlaunchable";

export const EXTENSION_TRANSITIONS: Readonly<
  Record<ExtensionState, Readonly<Partial<Record<ExtensionSignal, ExtensionState>>>>
> = {
  Started: { register: "Registered", unlaunchable: "LaunchError" },
  Registered: { next: "Ready", init_error: "InitError", exit_error: "ExitError" },
  Ready: { event: "Running", exit_error: "ExitError" },
  Running: { next: "Ready", exit_error: "ExitError" },
  // An error may be told again; the first one counts.
  InitError: { init_error: "InitError" },
  ExitError: { exit_error: "ExitError" },
  LaunchError: {},
};

/** The state after `signal`, or `undefined` where AWS refuses the signal. */
export function nextExtensionState(
  state: ExtensionState,
  signal: ExtensionSignal,
): ExtensionState | undefined {
  return EXTENSION_TRANSITIONS[state][signal];
}
