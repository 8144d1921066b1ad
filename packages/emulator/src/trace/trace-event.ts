import type { Fault } from "../faults/contract.ts";
import type { ThrottleReason } from "../function-caller.ts";
import type { StartedBy } from "../lambda/environment-summary.ts";

interface Traced {
  /** Service time, milliseconds since the Unix epoch: it runs faster than real time where the emulator's clock does. */
  readonly atEpochMs: number;
}

interface TracedFunction extends Traced {
  readonly function: string;
  readonly version: string;
}

/** An execution environment has been started: its init phase begins. */
interface EnvironmentStarted extends TracedFunction {
  readonly event: "environment-started";
  readonly environmentId: string;
  readonly startedBy: StartedBy;
}

/** An execution environment has ended. */
interface EnvironmentEnded extends TracedFunction {
  readonly event: "environment-ended";
  readonly environmentId: string;
  readonly startedBy: StartedBy;
  readonly cause: string;
  readonly invocations: number;
  /** Real milliseconds; `null` where the init phase did not end well. */
  readonly initDurationMs: number | null;
}

/** A request has its answer. */
interface InvocationAnswered extends TracedFunction {
  readonly event: "invocation";
  /** Service time of the request's arrival; `atEpochMs` is that of the answer. */
  readonly arrivedAtEpochMs: number;
  readonly requestId: string;
  readonly environmentId: string;
  /** Which concurrency it took. */
  readonly startedBy: StartedBy;
  readonly isColdStart: boolean;
  readonly isFunctionError: boolean;
  /** Real milliseconds in the function, init phase excluded. */
  readonly durationMs: number;
}

/** A request was refused with 429. */
interface RequestThrottled extends TracedFunction {
  readonly event: "throttled";
  readonly reason: ThrottleReason;
}

/** A fault that somebody ordered has struck. */
interface FaultStruck extends Traced {
  readonly event: "fault";
  readonly fault: Fault["kind"];
  /** The function, queue, container or hop that it struck. */
  readonly name: string | null;
}

/** A line of a function's log. */
interface LineLogged extends TracedFunction {
  readonly event: "log";
  readonly environmentId: string;
  readonly line: string;
}

/**
 * What happens in the emulator, one JSON object each: enough for a simulator to play the same arrivals and to compare
 * its cold starts, environments and throttles with these.
 */
export type TraceEvent =
  | EnvironmentStarted
  | EnvironmentEnded
  | InvocationAnswered
  | RequestThrottled
  | FaultStruck
  | LineLogged;

/** Takes events as they happen; it must not throw and must not wait. */
export type Trace = (event: TraceEvent) => void;
