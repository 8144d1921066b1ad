/** Where an accepted event is on its way. */
export type EventPhase =
  | "waiting"
  | "running"
  | "delayed"
  | "reporting"
  | "report_delayed"
  | "ended";

/** What moves it on. */
export type EventSignal = "start" | "retry" | "ripen" | "conclude" | "refuse" | "interrupt" | "end";

const TRANSITIONS: Readonly<Record<EventPhase, Partial<Record<EventSignal, EventPhase>>>> = {
  // An event that has become too old in its function's queue ends without an attempt.
  waiting: { start: "running", conclude: "reporting", end: "ended" },
  // An attempt that the stopping emulator cut short does not count.
  running: { retry: "delayed", conclude: "reporting", interrupt: "waiting", end: "ended" },
  delayed: { ripen: "waiting" },
  reporting: { refuse: "report_delayed", end: "ended" },
  report_delayed: { ripen: "reporting" },
  ended: {},
};

/** The phase after `signal`, or `undefined` when the signal is not allowed there. */
export function nextEventPhase(phase: EventPhase, signal: EventSignal): EventPhase | undefined {
  return TRANSITIONS[phase][signal];
}
