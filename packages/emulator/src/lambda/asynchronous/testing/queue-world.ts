import { join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";

import type { DeliveryResult } from "../../../delivery.ts";
import { settle } from "../../../testing/scripted-environment.ts";
import type { EventAttempt, EventCondition, OfferedEvent } from "../event.ts";
import { EventJournal } from "../event-journal.ts";
import { EventQueue } from "../event-queue.ts";
import { DEFAULT_LIMITS, type EventLimits } from "../event-retry.ts";

const QUEUE = "arn:aws:sqs:us-east-1:000000000000:records";

/** How an attempt of a script ends. */
export type Script = EventAttempt["kind"] | "zero_reserved";

/** An event of the function `name`. */
export function eventOf(requestId: string, name = "fn"): OfferedEvent {
  const reference = { name, qualifier: undefined };
  const payload = Buffer.from("{}");
  return { requestId, reference, payload, contentType: undefined, traceId: "Root=1" };
}

/** An attempt that ends so. */
export function attemptOf(script: Script): EventAttempt {
  const answer = { payload: Buffer.from('{"errorMessage":"broken"}'), version: "$LATEST" };
  switch (script) {
    case "succeeded":
    case "failed":
      return { kind: script, answer };
    case "system_error":
      return { kind: script, message: "the system is down" };
    case "throttled":
    case "zero_reserved":
      return { kind: "throttled", isReservedZero: script === "zero_reserved" };
    case "unknown_function":
    case "stopping":
      return { kind: script };
  }
}

interface WorldOptions {
  readonly limits?: Partial<EventLimits>;
  /** Conditions that have a destination. */
  readonly reported?: readonly EventCondition[];
  readonly run?: (event: OfferedEvent) => Promise<EventAttempt>;
  /** Bytes of records that wait. */
  readonly reportBytesMax?: number;
  readonly deliver?: () => Promise<DeliveryResult>;
}

/** A queue with scripted ends of attempts, which can be killed and started again on the same folder. */
export class QueueWorld {
  readonly clock = new VirtualClock();
  readonly attempts: { requestId: string; atMs: number }[] = [];
  readonly records: { requestId: string; condition: string; count: number; atMs: number }[] = [];
  readonly told: string[] = [];
  readonly ends: Script[];
  queue: EventQueue;
  readonly #directory: string;
  readonly #options: WorldOptions;

  constructor(directory: string, ends: readonly Script[] = [], options: WorldOptions = {}) {
    this.#directory = directory;
    this.ends = [...ends];
    this.#options = options;
    this.queue = this.#start();
  }

  /** Ends without a word, as a killed process does; what it was doing goes nowhere. */
  kill(): void {
    const dead = this.queue;
    dead.stop();
    this.queue = this.#start();
    this.queue.resume();
  }

  /** Ends in order and starts again. @returns How many events were kept. */
  restart(): number {
    this.queue.stop();
    const kept = this.queue.close();
    this.queue = this.#start();
    this.queue.resume();
    return kept;
  }

  async pass(ms: number): Promise<void> {
    this.clock.advanceMs(ms);
    await settle();
  }

  /** Lets every delay pass that an event can meet. */
  async passAll(): Promise<void> {
    for (let round = 0; round < 400 && this.queue.pending > 0; round += 1) {
      await this.pass(300_000);
    }
  }

  #start(): EventQueue {
    const { limits, reported = [], run, deliver, ...journal } = this.#options;
    return new EventQueue({
      clock: this.clock,
      journal: new EventJournal(join(this.#directory, "events.jsonl"), journal),
      run:
        run ??
        (({ requestId }) => {
          this.attempts.push({ requestId, atMs: this.clock.monotonicMs() });
          return Promise.resolve(attemptOf(this.ends.shift() ?? "succeeded"));
        }),
      limits: () => ({ ...DEFAULT_LIMITS, ...limits }),
      targets: (_event, { condition }) =>
        reported.includes(condition) ? [{ kind: "destination", arn: QUEUE }] : [],
      deliver: async (_arn, { body }) => {
        const result = (await deliver?.()) ?? { kind: "delivered" };
        const { requestContext: context } = JSON.parse(body) as Record<string, RequestContext>;
        if (result.kind === "delivered" && context !== undefined) {
          const { requestId, condition, approximateInvokeCount: count } = context;
          this.records.push({ requestId, condition, count, atMs: this.clock.monotonicMs() });
        }
        return result;
      },
      tell: (error) => this.told.push(error instanceof Error ? error.message : String(error)),
    });
  }
}

interface RequestContext {
  readonly requestId: string;
  readonly condition: string;
  readonly approximateInvokeCount: number;
}
