import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";

import { Deliveries, type Delivery } from "../../delivery.ts";
import { EventBuses, eventsDelivery } from "../event-buses.ts";
import { eventsService } from "../events-service.ts";

export const QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue";
export const DEAD_LETTERS = "arn:aws:sqs:us-east-1:000000000000:dead-letters";
export const ABSENT = "arn:aws:sqs:us-east-1:000000000000:absent";

/** What a target got. */
export interface Received extends Delivery {
  readonly arn: string;
  readonly atMs: number;
}

/** Event buses in virtual time, with queues that remember what they get. */
export class BusesUnderTest implements Disposable {
  readonly clock = new VirtualClock();
  readonly received: Received[] = [];
  /** Messages of the errors that were told. */
  readonly told: string[] = [];
  /** Why queues take nothing at present; dead-letter queues always do. */
  refusal: string | undefined;
  buses: EventBuses;
  readonly #deliveries = new Deliveries();
  readonly #directory = mkdtempSync(join(tmpdir(), "pilotlight-events-"));

  constructor() {
    this.#deliveries.add({
      service: "sqs",
      exists: (arn) => arn !== ABSENT,
      deliver: (arn, delivery) => {
        if (this.refusal !== undefined && arn !== DEAD_LETTERS) {
          return Promise.resolve({ kind: "refused", reason: this.refusal });
        }
        this.received.push({ ...delivery, arn, atMs: this.clock.monotonicMs() });
        return Promise.resolve({ kind: "delivered" });
      },
    });
    this.buses = this.#start();
  }

  /** What came as JSON bodies. */
  get bodies(): unknown[] {
    return this.received.map(({ body }) => JSON.parse(body));
  }

  /** Calls an operation. @returns The status and the members of the answer. */
  async call(operation: string, members: unknown = {}) {
    const { statusCode, body } = await eventsService(this.buses).answer({
      method: "POST",
      path: "/",
      query: new URLSearchParams(),
      headers: { "x-amz-target": `AWSEvents.${operation}` },
      body: Buffer.from(typeof members === "string" ? members : JSON.stringify(members)),
    });
    const text = typeof body === "string" ? body : Buffer.from(body).toString("utf8");
    const answer: Record<string, unknown> = text === "" ? {} : JSON.parse(text);
    return { statusCode, ...answer };
  }

  /** A rule with one target. */
  async rule(rule: Record<string, unknown>, target: Record<string, unknown> = {}): Promise<void> {
    await this.call("PutRule", rule);
    await this.call("PutTargets", {
      Rule: rule["Name"],
      EventBusName: rule["EventBusName"],
      Targets: [{ Id: "only", Arn: QUEUE, ...target }],
    });
  }

  /** Moves time on in steps, so that deliveries settle in between. */
  async pass(ms: number, stepMs = ms): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      this.clock.advanceMs(Math.min(stepMs, ms - passedMs));
      await settled();
    }
  }

  restart(): void {
    this.buses.stop();
    this.buses.close();
    this.buses = this.#start();
  }

  [Symbol.dispose](): void {
    this.buses.stop();
    this.buses.close();
    rmSync(this.#directory, { recursive: true });
  }

  #start(): EventBuses {
    const buses = new EventBuses({
      clock: this.clock,
      deliveries: this.#deliveries,
      directory: this.#directory,
      onError: (error) => this.told.push(String(error)),
    });
    this.#deliveries.add(eventsDelivery(buses));
    return buses;
  }
}

/** Lets promises settle that need no time. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
