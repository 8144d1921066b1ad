import type { ExecutionEnvironment } from "../environment/contract.ts";

/**
 * Where an environment stands with its pool.
 *
 * `starting` has been started ahead and is in its init phase; `held` is initialised and waits until all that were
 * asked for with it are; `busy` has a request without an answer; `leaving` has answered, or is being reset, and
 * will soon be idle. One that is started for a request begins as `idle` and is taken at once.
 */
export type MemberStatus = "starting" | "held" | "busy" | "leaving" | "idle" | "ended";

/** What moves it on: it is initialised, admitted, given a request, answers it, is free again, or is no more. */
export type MemberSignal = "initialised" | "admitted" | "taken" | "answered" | "freed" | "ended";

const TRANSITIONS: Readonly<
  Record<MemberStatus, Readonly<Partial<Record<MemberSignal, MemberStatus>>>>
> = {
  starting: { initialised: "held", ended: "ended" },
  held: { admitted: "idle", ended: "ended" },
  busy: { answered: "leaving", freed: "idle", ended: "ended" },
  leaving: { freed: "idle", ended: "ended" },
  idle: { taken: "busy", ended: "ended" },
  ended: {},
};

/** The status after `signal`; a signal that the status does not take changes nothing. */
export function nextMemberStatus(status: MemberStatus, signal: MemberSignal): MemberStatus {
  return TRANSITIONS[status][signal] ?? status;
}

/** One environment of a pool; times are monotonic ones of the pool's clock. */
export interface Member {
  readonly environment: ExecutionEnvironment;
  status: MemberStatus;
  /** Counts requests, so that a late answer is not taken for that of the next one. */
  serial: number;
  idleSinceMs: number;
  /** How long it may be idle: its own draw. */
  readonly keepAliveMs: number;
  /** When it is recycled, however busy it is: then, or as soon as it is free. */
  recycledAtMs: number;
  /** Why the pool ended it; the environment's own word where the pool did not. */
  endedCause: string | undefined;
}

/** When an idle environment is to end. */
export function reapedAtMs({ idleSinceMs, keepAliveMs, recycledAtMs }: Member): number {
  return Math.min(idleSinceMs + keepAliveMs, recycledAtMs);
}
