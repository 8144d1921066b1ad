import { invariant } from "@pilotlight/core";

import type {
  EventConclusion,
  EventReport,
  KeptEvent,
  OfferedEvent,
  ReportTarget,
} from "./event.ts";
import { type EventPhase, type EventSignal, nextEventPhase } from "./event-phase.ts";

/** An event that was accepted and has not ended. */
export class AcceptedEvent {
  readonly id: number;
  readonly event: OfferedEvent;
  /** Monotonic service time; an event that was kept over a restart does not age meanwhile. */
  readonly acceptedMs: number;
  phase: EventPhase = "waiting";
  failures: number;
  /** Attempts in a row that did not reach the function. */
  postponements = 0;
  /** Until the next attempt, where the event is delayed. */
  delayMs: number;
  conclusion: EventConclusion | undefined;
  /** Those that have not got their record yet. */
  targets: readonly ReportTarget[];
  /** Whether its record may wait for a target that refuses; false where too many bytes wait already. */
  isReportKept = true;

  constructor({ id, event, ageMs, failures, delayMs, report }: KeptEvent, nowMs: number) {
    this.id = id;
    this.event = event;
    this.acceptedMs = nowMs - ageMs;
    this.failures = failures;
    this.delayMs = delayMs;
    this.conclusion = report?.conclusion;
    this.targets = report?.targets ?? [];
    if (report !== undefined) this.phase = "reporting";
    else if (delayMs > 0) this.phase = "delayed";
  }

  signal(signal: EventSignal): void {
    const next = nextEventPhase(this.phase, signal);
    invariant(next !== undefined, `an event that is ${this.phase} takes no signal "${signal}"`);
    this.phase = next;
  }

  ageMs(nowMs: number): number {
    return Math.max(0, nowMs - this.acceptedMs);
  }

  /** What has to be known of it when the emulator starts again. */
  kept(nowMs: number): KeptEvent {
    const { id, event, failures, delayMs } = this;
    return { id, event, ageMs: this.ageMs(nowMs), failures, delayMs, report: this.#report() };
  }

  #report(): EventReport | undefined {
    const { conclusion, targets, isReportKept } = this;
    return conclusion === undefined || !isReportKept ? undefined : { conclusion, targets };
  }
}
