import type { ExecutionEnvironment } from "../environment/contract.ts";

/**
 * Where an environment stands with its pool.
 *
 * `busy` has a request without an answer; `leaving` has answered, or is being reset, and will soon be idle.
 */
export type MemberStatus = "busy" | "leaving" | "idle" | "ended";

/** What moves it on: it is given a request, answers it, is free again, or is no more. */
export type MemberSignal = "taken" | "answered" | "freed" | "ended";

const TRANSITIONS: Readonly<
  Record<MemberStatus, Readonly<Partial<Record<MemberSignal, MemberStatus>>>>
> = {
  busy: { answered: "leaving", freed: "idle", ended: "ended" },
  leaving: { freed: "idle", ended: "ended" },
  idle: { taken: "busy", ended: "ended" },
  ended: {},
};

/** The status after `signal`; a signal that the status does not take changes nothing. */
export function nextMemberStatus(status: MemberStatus, signal: MemberSignal): MemberStatus {
  return TRANSITIONS[status][signal] ?? status;
}

/** One environment of a pool. */
export interface Member {
  readonly environment: ExecutionEnvironment;
  status: MemberStatus;
  /** Counts requests, so that a late answer is not taken for that of the next one. */
  serial: number;
  /** Monotonic time of the pool's clock at which it became idle. */
  idleSinceMs: number;
  /** Why the pool ended it; the environment's own word where the pool did not. */
  endedCause: string | undefined;
}
