import { join } from "node:path";

import type { Timers } from "@pilotlight/core";

import type { Deliveries } from "../../delivery.ts";
import type { FunctionStore } from "../function-store.ts";
import type { EventAttempt, EventConclusion, OfferedEvent, ReportTarget } from "./event.ts";
import type { EventInvokeConfig, EventInvokeConfigs } from "./event-invoke-config.ts";
import { EventJournal } from "./event-journal.ts";
import { EventQueue } from "./event-queue.ts";
import { DEFAULT_LIMITS, type EventLimits } from "./event-retry.ts";

interface AsynchronousInvocationsOptions {
  readonly store: FunctionStore;
  readonly configs: EventInvokeConfigs;
  readonly deliveries: Deliveries;
  /** Service time. */
  readonly clock: Timers;
  readonly stateDirectory: string;
  /** Runs one attempt at an event. */
  readonly run: (event: OfferedEvent) => Promise<EventAttempt>;
  /** Told of what was refused or dropped. */
  readonly tell: (error: unknown) => void;
}

/** Events that were answered with 202, with the settings that their functions have for them. */
export class AsynchronousInvocations {
  readonly #store: FunctionStore;
  readonly #configs: EventInvokeConfigs;
  readonly #queue: EventQueue;

  /**
   * Finds the events that the last emulator with this state directory left.
   *
   * @throws PilotlightError ERR_STATE_BROKEN when what it left cannot be read.
   */
  constructor(options: AsynchronousInvocationsOptions) {
    const { store, configs, deliveries, clock, stateDirectory, run, tell } = options;
    this.#store = store;
    this.#configs = configs;
    this.#queue = new EventQueue({
      clock,
      journal: new EventJournal(join(stateDirectory, "lambda", "events.jsonl")),
      run,
      limits: (event) => this.#limits(event),
      targets: (event, conclusion) => this.#targets(event, conclusion),
      deliver: (arn, delivery) => deliveries.deliver(arn, delivery),
      tell,
    });
    store.observe({
      onFunctionCreated: (name) => this.#queue.functionAppeared(name),
      onAliasMoved: (name) => this.#queue.functionAppeared(name),
    });
  }

  /** Goes on with the events that were left; their records can be delivered from now on. */
  start(): void {
    this.#queue.resume();
  }

  /** Events that have not ended. */
  get pending(): number {
    return this.#queue.pending;
  }

  /** @returns Whether the event was accepted; what is accepted is kept until it has ended. */
  accept(event: OfferedEvent): boolean {
    return this.#queue.accept(event);
  }

  /** Starts nothing more. */
  stop(): void {
    this.#queue.stop();
  }

  /** @returns How many events are kept for the next start. */
  close(): number {
    return this.#queue.close();
  }

  #limits(event: OfferedEvent): EventLimits {
    const { maximumRetryAttempts, maximumEventAgeSec } = this.#config(event) ?? {};
    return {
      retriesMax: maximumRetryAttempts ?? DEFAULT_LIMITS.retriesMax,
      ageMsMax:
        maximumEventAgeSec === undefined ? DEFAULT_LIMITS.ageMsMax : maximumEventAgeSec * 1000,
    };
  }

  #targets(event: OfferedEvent, { condition, answer }: EventConclusion): ReportTarget[] {
    const { onSuccess, onFailure } = this.#config(event) ?? {};
    const destination = condition === "Success" ? onSuccess : onFailure;
    const queue = condition === "Success" ? undefined : this.#deadLetterArn(event, answer?.version);
    return [
      ...(queue === undefined ? [] : [{ kind: "dead_letter_queue", arn: queue } as const]),
      ...(destination === undefined ? [] : [{ kind: "destination", arn: destination } as const]),
    ];
  }

  /** Of the version that ran, or would have. */
  #deadLetterArn({ reference }: OfferedEvent, version: string | undefined): string | undefined {
    const { name, qualifier } = reference;
    const target = this.#store.findTarget({ name, qualifier: version ?? qualifier });
    return target?.record.settings.deadLetterArn;
  }

  /** That of the qualifier that the caller named, and of no other. */
  #config({ reference }: OfferedEvent): EventInvokeConfig | undefined {
    const record = this.#store.find(reference.name);
    return record === undefined ? undefined : this.#configs.find(record, reference.qualifier);
  }
}
