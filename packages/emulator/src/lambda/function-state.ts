/** Where `$LATEST` of a function is between two configurations. */
export type FunctionPhase = "creating" | "active" | "updating";

/** What moves a function on. */
export type FunctionSignal = "created" | "update" | "updated";

const TRANSITIONS: Readonly<
  Record<FunctionPhase, Readonly<Partial<Record<FunctionSignal, FunctionPhase>>>>
> = {
  creating: { created: "active" },
  active: { update: "updating" },
  updating: { updated: "active" },
};

/** The phase after `signal`, or `undefined` where the signal is refused: AWS answers 409 then. */
export function nextFunctionPhase(
  phase: FunctionPhase,
  signal: FunctionSignal,
): FunctionPhase | undefined {
  return TRANSITIONS[phase][signal];
}
