import type { Timers } from "@pilotlight/core";

import type { Delivery, DeliveryResult } from "../../delivery.ts";
import type { AcceptedEvent } from "./accepted-event.ts";
import { droppedError } from "./conclusion.ts";
import type { ReportTarget } from "./event.ts";
import { backoffMs } from "./event-retry.ts";
import { deliveryOf } from "./invocation-record.ts";

/** How long a target that refuses is asked again, service time: as long as AWS keeps an event by default. */
const REPORT_MS_MAX = 21_600_000;

/** Why a record does not wait, as {@link AcceptedEvent.isReportKept} has it. */
const NOT_KEPT = "the records that wait for their targets take all the room that there is";

interface EventReportsOptions {
  /** Service time. */
  readonly clock: Timers;
  readonly deliver: (arn: string, delivery: Delivery) => Promise<DeliveryResult>;
  readonly tell: (error: unknown) => void;
  /** Called when every target has its record, or has refused it for too long. */
  readonly onEnd: (accepted: AcceptedEvent) => void;
}

/** Sends the records of events that have come to their end, again and again where a target refuses. */
export class EventReports {
  readonly #options: EventReportsOptions;
  readonly #delayed = new Set<() => void>();
  #isStopped = false;

  constructor(options: EventReportsOptions) {
    this.#options = options;
  }

  /** @param accepted - In the phase "reporting". */
  send(accepted: AcceptedEvent): void {
    const sinceMs = this.#options.clock.monotonicMs();
    if (!this.#isStopped) this.#try(accepted, { sinceMs, count: 1 });
    else if (!accepted.isReportKept) this.#drop(accepted, `the emulator stops, and ${NOT_KEPT}`);
  }

  /** Starts no further delivery. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#delayed) cancel();
    this.#delayed.clear();
  }

  #try(accepted: AcceptedEvent, history: { sinceMs: number; count: number }): void {
    this.#attempt(accepted, history).catch(this.#options.tell);
  }

  async #attempt(
    accepted: AcceptedEvent,
    { sinceMs, count }: { sinceMs: number; count: number },
  ): Promise<void> {
    const { clock, tell, onEnd } = this.#options;
    const reasons: string[] = [];
    for (const target of accepted.targets) {
      const result = await this.#deliver(accepted, target);
      if (result.kind === "refused") reasons.push(`${target.arn}: ${result.reason}`);
      else accepted.targets = accepted.targets.filter((other) => other !== target);
    }
    if (reasons.length === 0) {
      onEnd(accepted);
      return;
    }
    const delayMs = backoffMs(count);
    const reason = `its record was refused by ${reasons.join("; ")}`;
    if (!accepted.isReportKept) {
      this.#drop(accepted, `${reason}; ${NOT_KEPT}`);
      return;
    }
    if (this.#isStopped) return;
    if (clock.monotonicMs() - sinceMs + delayMs > REPORT_MS_MAX) {
      this.#drop(accepted, reason);
      return;
    }
    // Whoever reads the first refusal can mend the cause; the last one, when it is given up, has a line too.
    if (count === 1) tell(new Error(`event ${accepted.event.requestId}: ${reason}; trying again`));
    accepted.signal("refuse");
    const cancel = clock.after(delayMs, () => {
      this.#delayed.delete(cancel);
      accepted.signal("ripen");
      this.#try(accepted, { sinceMs, count: count + 1 });
    });
    this.#delayed.add(cancel);
  }

  #drop(accepted: AcceptedEvent, reason: string): void {
    this.#options.tell(droppedError(accepted.event, reason));
    this.#options.onEnd(accepted);
  }

  async #deliver(accepted: AcceptedEvent, target: ReportTarget): Promise<DeliveryResult> {
    const { event, conclusion } = accepted;
    if (conclusion === undefined) return { kind: "delivered" };
    try {
      return await this.#options.deliver(target.arn, deliveryOf(event, conclusion, target));
    } catch (error) {
      return { kind: "refused", reason: error instanceof Error ? error.message : String(error) };
    }
  }
}
