/**
 * Where the runtime of one environment is, by AWS's own names: they stand in its error texts.
 *
 * @see aws-lambda-runtime-interface-emulator@4fa2157, internal/lambda/core/states.go
 */
export type RuntimeState =
  | "Started"
  | "InitError"
  | "Ready"
  | "Running"
  | "InvocationResponse"
  | "InvocationErrorResponse"
  | "RuntimeResponseSentState";

/**
 * What moves a runtime on: `next`, `response`, `error` and `init_error` are calls that the runtime
 * makes; `event` is an invocation handed to a waiting `next`; `sent` is the end of an answer's body.
 */
export type RuntimeSignal = "next" | "event" | "response" | "error" | "sent" | "init_error";

export const RUNTIME_TRANSITIONS: Readonly<
  Record<RuntimeState, Readonly<Partial<Record<RuntimeSignal, RuntimeState>>>>
> = {
  Started: { next: "Ready", init_error: "InitError" },
  InitError: {},
  Ready: { next: "Ready", event: "Running" },
  // A runtime that asks again before it has answered gets the same event again.
  Running: { next: "Running", response: "InvocationResponse", error: "InvocationErrorResponse" },
  InvocationResponse: { sent: "RuntimeResponseSentState" },
  InvocationErrorResponse: { sent: "RuntimeResponseSentState" },
  RuntimeResponseSentState: { next: "Ready" },
};

/** The state after `signal`, or `undefined` where AWS refuses the signal. */
export function nextRuntimeState(
  state: RuntimeState,
  signal: RuntimeSignal,
): RuntimeState | undefined {
  return RUNTIME_TRANSITIONS[state][signal];
}
