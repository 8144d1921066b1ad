import { invariant, type Timers } from "@pilotlight/core";

import type { Delivery, DeliveryResult } from "../../delivery.ts";
import { AcceptedEvent } from "./accepted-event.ts";
import { conclusionOf, droppedError, reasonOf } from "./conclusion.ts";
import type { EventAttempt, EventConclusion, OfferedEvent, ReportTarget } from "./event.ts";
import type { EventJournal } from "./event-journal.ts";
import { EventLanes } from "./event-lanes.ts";
import { EventReports } from "./event-reports.ts";
import { boundedReport } from "./report-bounds.ts";
import { type EventLimits, nextStep } from "./event-retry.ts";

/** Events that have not ended; AWS has no such bound that a caller meets. */
const EVENTS_MAX = 10_000;
/** Bytes that they take, without their records; the journal is read and rewritten in one piece. */
const KEPT_BYTES_MAX = 67_108_864;

interface EventQueueOptions {
  /** Service time. */
  readonly clock: Timers;
  readonly journal: EventJournal;
  /** Runs one attempt; a rejection counts as an error of the system. */
  readonly run: (event: OfferedEvent) => Promise<EventAttempt>;
  /** What the function's owner allows at the moment. */
  readonly limits: (event: OfferedEvent) => EventLimits;
  /** Where an event that ends so is to be reported. */
  readonly targets: (event: OfferedEvent, conclusion: EventConclusion) => readonly ReportTarget[];
  readonly deliver: (arn: string, delivery: Delivery) => Promise<DeliveryResult>;
  /** Told of what was refused or dropped. */
  readonly tell: (error: unknown) => void;
}

/**
 * The queue behind asynchronous invocation: order of arrival for each function, retries with the same request id,
 * records of the end.
 *
 * Every event that it accepts ends as succeeded, as reported, or dropped with a line that says why. What has not ended
 * when the emulator ends is in the journal, and goes on when the emulator starts again.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #events = new Map<number, AcceptedEvent>();
  readonly #lanes: EventLanes<AcceptedEvent>;
  readonly #reports: EventReports;
  readonly #delayed = new Set<() => void>();
  /** What is delayed because its function does not exist, by the function's name. */
  readonly #orphans = new Map<string, Set<() => void>>();
  #nextId = 1;
  #isStopped = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    const { clock, deliver, tell } = options;
    this.#lanes = new EventLanes((accepted) => this.#attempt(accepted).catch(tell));
    this.#reports = new EventReports({
      clock,
      deliver,
      tell,
      onEnd: (accepted) => this.#end(accepted),
    });
    for (const kept of options.journal.restored) {
      const accepted = new AcceptedEvent(kept, clock.monotonicMs());
      this.#events.set(kept.id, accepted);
      this.#nextId = kept.id + 1;
    }
  }

  /** Events that have not ended. */
  get pending(): number {
    return this.#events.size;
  }

  /** Goes on with what the journal held. */
  resume(): void {
    for (const accepted of this.#events.values()) {
      if (accepted.phase === "reporting") this.#reports.send(accepted);
      else if (accepted.phase === "delayed") void this.#delay(accepted);
      else this.#wait(accepted);
    }
  }

  /** Tries events again that wait for the function, or for an alias of it. */
  functionAppeared(functionName: string): void {
    const orphans = this.#orphans.get(functionName);
    if (orphans === undefined) return;
    this.#orphans.delete(functionName);
    for (const ripen of orphans) ripen();
  }

  /** @returns Whether the event was taken, and is in the journal; a full queue refuses it. */
  accept(event: OfferedEvent): boolean {
    const { clock, journal } = this.#options;
    const bytes = journal.keptBytes + event.payload.byteLength;
    if (this.#isStopped || this.pending >= EVENTS_MAX || bytes > KEPT_BYTES_MAX) return false;
    const kept = {
      id: this.#nextId,
      event,
      ageMs: 0,
      failures: 0,
      delayMs: 0,
      report: undefined,
    };
    journal.accept(kept);
    this.#nextId += 1;
    const accepted = new AcceptedEvent(kept, clock.monotonicMs());
    this.#events.set(accepted.id, accepted);
    this.#wait(accepted);
    return true;
  }

  /** Starts no further attempt and no further delivery; a function that runs may still acknowledge its event. */
  stop(): void {
    this.#isStopped = true;
    this.#lanes.stop();
    this.#reports.stop();
    for (const cancel of this.#delayed) cancel();
    this.#delayed.clear();
    this.#orphans.clear();
  }

  /**
   * Leaves what has not ended in the journal and closes it; an end waits for that, so the journal is not rewritten.
   *
   * @returns How many events that are.
   */
  close(): number {
    invariant(this.#isStopped, "a queue of events is stopped before it is closed");
    const { clock, journal } = this.#options;
    const kept = this.pending;
    const nowMs = clock.monotonicMs();
    for (const accepted of this.#events.values()) journal.leave(accepted.kept(nowMs));
    journal.close();
    // Whoever settles later finds its event gone, and changes nothing.
    this.#events.clear();
    return kept;
  }

  #wait(accepted: AcceptedEvent): void {
    this.#lanes.add(accepted.event.reference.name, accepted);
  }

  async #attempt(accepted: AcceptedEvent): Promise<void> {
    const { clock, limits, run, tell } = this.#options;
    const { event } = accepted;
    if (accepted.ageMs(clock.monotonicMs()) > limits(event).ageMsMax) {
      this.#conclude(accepted, { condition: "EventAgeExceeded", attempt: undefined });
      return;
    }
    accepted.signal("start");
    const attempt = await run(event).catch((error: unknown): EventAttempt => {
      tell(error);
      return { kind: "system_error", message: String(error) };
    });
    if (this.#events.has(accepted.id)) this.#settle(accepted, attempt);
  }

  #settle(accepted: AcceptedEvent, attempt: EventAttempt): void {
    if (attempt.kind === "succeeded") {
      this.#conclude(accepted, { condition: "Success", attempt });
    } else if (this.#isStopped || attempt.kind === "stopping") {
      // Whether the function failed or was ended with the emulator is not known: it gets the event again.
      accepted.signal("interrupt");
    } else this.#retry(accepted, attempt);
  }

  #retry(
    accepted: AcceptedEvent,
    attempt: Exclude<EventAttempt, { readonly kind: "succeeded" | "stopping" }>,
  ): void {
    const { clock, journal, limits } = this.#options;
    const hasFailed = attempt.kind === "failed";
    accepted.failures += hasFailed ? 1 : 0;
    accepted.postponements = hasFailed ? 0 : accepted.postponements + 1;
    const { failures, postponements } = accepted;
    const ageMs = accepted.ageMs(clock.monotonicMs());
    const step = nextStep(attempt, { failures, postponements, ageMs }, limits(accepted.event));
    if (step.kind === "give_up") {
      this.#conclude(accepted, { condition: step.condition, attempt });
      return;
    }
    accepted.signal("retry");
    accepted.delayMs = step.delayMs;
    // Only what the function did is written at once: one event can be throttled hundreds of times.
    if (hasFailed) journal.fail(accepted.id, { failures, ageMs, delayMs: step.delayMs });
    const ripen = this.#delay(accepted);
    if (attempt.kind === "unknown_function") this.#orphan(accepted, ripen);
  }

  /** @returns Ends the delay ahead of its time; when it is over, that does nothing. */
  #delay(accepted: AcceptedEvent): () => void {
    const ripen = () => {
      if (!this.#delayed.delete(cancel)) return;
      cancel();
      this.#orphans.get(accepted.event.reference.name)?.delete(ripen);
      accepted.delayMs = 0;
      accepted.signal("ripen");
      this.#wait(accepted);
    };
    const cancel = this.#options.clock.after(accepted.delayMs, ripen);
    this.#delayed.add(cancel);
    return ripen;
  }

  #orphan({ event }: AcceptedEvent, ripen: () => void): void {
    const { name } = event.reference;
    const orphans = this.#orphans.get(name) ?? new Set();
    this.#orphans.set(name, orphans);
    orphans.add(ripen);
  }

  #conclude(
    accepted: AcceptedEvent,
    {
      condition,
      attempt,
    }: { condition: EventConclusion["condition"]; attempt: EventAttempt | undefined },
  ): void {
    const { clock, journal, targets, tell } = this.#options;
    const { event, failures } = accepted;
    const conclusion = conclusionOf(attempt, { condition, failures, epochMs: clock.epochMs() });
    const wanted = targets(event, conclusion);
    if (wanted.length === 0) {
      if (condition !== "Success") tell(droppedError(event, reasonOf(conclusion)));
      this.#end(accepted);
      return;
    }
    const { report, refusals } = boundedReport(event, { conclusion, targets: wanted });
    for (const refusal of refusals) tell(droppedError(event, refusal));
    if (report.targets.length === 0) {
      this.#end(accepted);
      return;
    }
    accepted.conclusion = report.conclusion;
    accepted.targets = report.targets;
    accepted.signal("conclude");
    // One that has no room is offered all the same: other targets may refuse than this one's.
    accepted.isReportKept = journal.conclude(accepted.id, report);
    this.#reports.send(accepted);
  }

  #end(accepted: AcceptedEvent): void {
    // A delivery may settle when the queue is closed already; the journal then has it sent again.
    if (!this.#events.delete(accepted.id)) return;
    accepted.signal("end");
    this.#options.journal.end(accepted.id);
    if (this.#options.journal.isWorthRewriting) this.#rewriteJournal();
  }

  #rewriteJournal(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#options.journal.rewrite(
      [...this.#events.values()].map((accepted) => accepted.kept(nowMs)),
    );
  }
}
