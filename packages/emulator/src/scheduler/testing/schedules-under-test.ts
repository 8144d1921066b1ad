import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { seededRandom, VirtualClock } from "@pilotlight/core/testing";

import { Deliveries, type Delivery } from "../../delivery.ts";
import { scheduledTime } from "../schedule-target.ts";
import { schedulerService } from "../scheduler-service.ts";
import { Schedules } from "../schedules.ts";

export const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:tick";
export const QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue";
export const DEAD_LETTERS = "arn:aws:sqs:us-east-1:000000000000:dead-letters";
export const ROLE = "arn:aws:iam::000000000000:role/any";

/** Members that CreateSchedule needs beside the name. */
export const SETTINGS = {
  ScheduleExpression: "rate(1 hour)",
  FlexibleTimeWindow: { Mode: "OFF" },
  Target: { Arn: FUNCTION, RoleArn: ROLE },
};

/** Wednesday. */
const START = "2026-11-25T12:00:30Z";

/** Schedules in virtual time, with targets that remember what they get. */
export class SchedulesUnderTest implements Disposable {
  readonly clock: VirtualClock;
  readonly received: (Delivery & { readonly arn: string; readonly at: string })[] = [];
  /** Why targets take nothing at present; dead-letter queues always do. */
  refusal: string | undefined;
  schedules: Schedules;
  readonly #deliveries = new Deliveries();
  readonly #directory = mkdtempSync(join(tmpdir(), "pilotlight-scheduler-"));

  constructor(start = START) {
    this.clock = new VirtualClock(Date.parse(start));
    for (const service of ["lambda", "sqs", "events"]) {
      this.#deliveries.add({
        service,
        exists: (arn) => !arn.endsWith("absent"),
        deliver: (arn, delivery) => {
          if (this.refusal !== undefined && arn !== DEAD_LETTERS) {
            return Promise.resolve({ kind: "refused", reason: this.refusal });
          }
          this.received.push({ ...delivery, arn, at: scheduledTime(this.clock.epochMs()) });
          return Promise.resolve({ kind: "delivered" });
        },
      });
    }
    this.schedules = this.#start();
  }

  /** When targets got something. */
  get times(): string[] {
    return this.received.map(({ at }) => at);
  }

  /** Calls an operation, `POST /schedules/name`. @returns The status and the members of the answer. */
  async call(line: string, members?: unknown) {
    const [method = "", url = ""] = line.split(" ");
    const [path = "", query = ""] = url.split("?");
    const { statusCode, headers, body } = await schedulerService(this.schedules).answer({
      method,
      path,
      query: new URLSearchParams(query),
      headers: {},
      body: Buffer.from(members === undefined ? "" : JSON.stringify(members)),
    });
    const answer = JSON.parse(String(body)) as Record<string, unknown>;
    return { statusCode, errorType: headers["x-amzn-ErrorType"], ...answer };
  }

  /** Makes a schedule of {@link SETTINGS} and others. */
  create(name: string, settings: Record<string, unknown> = {}) {
    return this.call(`POST /schedules/${name}`, { ...SETTINGS, ...settings });
  }

  /** Moves time on in steps, so that deliveries settle in between. */
  async pass(ms: number, stepMs = ms): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      this.clock.advanceMs(Math.min(stepMs, ms - passedMs));
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  /** Stops, lets time pass, and starts again. */
  restart(afterMs = 0): void {
    this.schedules.stop();
    this.schedules.close();
    this.clock.advanceMs(afterMs);
    this.schedules = this.#start();
  }

  [Symbol.dispose](): void {
    this.schedules.stop();
    this.schedules.close();
    rmSync(this.#directory, { recursive: true });
  }

  #start(): Schedules {
    return new Schedules({
      clock: this.clock,
      random: seededRandom(1),
      deliveries: this.#deliveries,
      directory: this.#directory,
      onError: (error) => {
        throw error;
      },
    });
  }
}
