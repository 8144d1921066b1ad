import { randomUUID } from "node:crypto";
import { join } from "node:path";

import type { Timers } from "@pilotlight/core";

import type { Deliveries, Delivery, DeliveryResult, DeliveryTarget } from "../delivery.ts";
import { type EventPattern, matchesEvent, parseEventPattern } from "../event-pattern/index.ts";
import { ACCOUNT_ID, REGION } from "../lambda/names.ts";
import { Agenda } from "../scheduler/agenda.ts";
import { KeptRecords } from "../scheduler/kept-records.ts";
import { DEFAULT_RETRY_POLICY, PersistentDeliveries } from "../scheduler/persistent-delivery.ts";
import { nextOccurrence, parseRuleExpression } from "../scheduler/schedule-expression.ts";
import { type BusEvent, eventText, isObjectText } from "./event.ts";
import { type BusRecord, ruleKey, type RuleRecord, type TargetRecord } from "./rule-record.ts";
import { readBus, readRule } from "./stored-records.ts";
import { targetInput } from "./target-input.ts";

export const DEFAULT_BUS = "default";

interface EventBusesOptions {
  /** Service time. */
  readonly clock: Timers;
  readonly deliveries: Deliveries;
  /** Folder of what survives a restart. */
  readonly directory: string;
  readonly onError: (error: unknown) => void;
}

/** The event buses of the account: their rules, what the rules match, and where it goes. */
export class EventBuses {
  readonly #clock: Timers;
  readonly #deliveries: PersistentDeliveries;
  readonly #buses: KeptRecords<BusRecord>;
  readonly #rules: KeptRecords<RuleRecord>;
  /** Read patterns of rules by their text. */
  readonly #patterns = new WeakMap<RuleRecord, EventPattern>();
  readonly #agenda: Agenda;
  #isStopped = false;

  /** @throws PilotlightError ERR_STATE_BROKEN when a file in the folder holds something else. */
  constructor({ clock, deliveries, directory, onError }: EventBusesOptions) {
    this.#clock = clock;
    this.#deliveries = new PersistentDeliveries({ clock, deliveries, onError });
    this.#buses = new KeptRecords({
      path: join(directory, "buses.jsonl"),
      keyOf: ({ name }) => name,
      read: readBus,
    });
    this.#rules = new KeptRecords({
      path: join(directory, "rules.jsonl"),
      keyOf: ruleKey,
      read: readRule,
    });
    this.#agenda = new Agenda({ clock, onDue: (key, dueMs) => this.#runScheduled(key, dueMs) });
    if (this.#buses.get(DEFAULT_BUS) === undefined) {
      this.#buses.put({ name: DEFAULT_BUS, createdMs: clock.epochMs(), tags: [] });
    }
    for (const rule of this.#rules.list()) this.#plan(rule);
  }

  get clock(): Timers {
    return this.#clock;
  }

  bus(name: string): BusRecord | undefined {
    return this.#buses.get(name);
  }

  /** All buses, by name. */
  listBuses(): BusRecord[] {
    return this.#buses.list();
  }

  putBus(bus: BusRecord): void {
    this.#buses.put(bus);
  }

  deleteBus(name: string): void {
    this.#buses.delete(name);
  }

  rule(busName: string, name: string): RuleRecord | undefined {
    return this.#rules.get(ruleKey({ busName, name }));
  }

  /** The rules of a bus, by name. */
  listRules(busName: string): RuleRecord[] {
    return this.#rules.list().filter((rule) => rule.busName === busName);
  }

  putRule(rule: RuleRecord): void {
    this.#rules.put(rule);
    this.#plan(rule);
  }

  deleteRule(rule: RuleRecord): void {
    this.#rules.delete(ruleKey(rule));
    this.#agenda.delete(ruleKey(rule));
  }

  /** Sends an event to the targets of every rule of the bus that matches it. */
  put(busName: string, event: BusEvent): void {
    if (this.#isStopped) return;
    const matching = this.#rules
      .list()
      .filter((rule) => rule.busName === busName && rule.state !== "DISABLED")
      .filter((rule) => rule.eventPattern !== undefined);
    if (matching.length === 0) return;
    const value = JSON.parse(eventText(event)) as unknown;
    for (const rule of matching) {
      const pattern = this.#patternOf(rule);
      if (pattern !== undefined && matchesEvent(pattern, value)) this.#send(rule, event);
    }
  }

  /** Whether an ARN names a bus that there is. */
  exists(arn: string): boolean {
    const name = busNameOf(arn);
    return name !== undefined && this.#buses.get(name) !== undefined;
  }

  /** Puts a message of another service onto the bus that an ARN names. */
  deliver(arn: string, { body, event, traceId }: Delivery): DeliveryResult {
    const name = busNameOf(arn);
    if (name === undefined || this.#buses.get(name) === undefined) {
      return { kind: "refused", reason: `Event bus ${arn} does not exist.` };
    }
    if (event === undefined) {
      return { kind: "refused", reason: "an event has a source and a detail type" };
    }
    if (!isObjectText(body)) {
      return { kind: "refused", reason: "the detail of an event is a JSON object" };
    }
    this.put(name, {
      ...event,
      id: randomUUID(),
      timeMs: this.#clock.epochMs(),
      detail: body,
      ...(traceId !== undefined && { traceId }),
    });
    return { kind: "delivered" };
  }

  /** Takes no event and starts no delivery any more. @returns How many deliveries are lost. */
  stop(): number {
    if (this.#isStopped) return 0;
    this.#isStopped = true;
    this.#agenda.clear();
    return this.#deliveries.stop();
  }

  /** Closes the files, when nothing changes them any more. */
  close(): void {
    this.#buses.close();
    this.#rules.close();
  }

  #plan(rule: RuleRecord): void {
    const dueMs = rule.state === "DISABLED" ? undefined : this.#nextOf(rule);
    if (dueMs === undefined) this.#agenda.delete(ruleKey(rule));
    else this.#agenda.set(ruleKey(rule), dueMs);
  }

  #nextOf({ scheduleExpression, scheduledSinceMs }: RuleRecord): number | undefined {
    const expression = parseRuleExpression(scheduleExpression ?? "");
    if (expression === undefined) return undefined;
    const periodMs = expression.kind === "rate" ? expression.periodMs : 0;
    // A rule runs for the first time one period after it was made.
    return nextOccurrence(expression, {
      afterMs: this.#clock.epochMs(),
      anchorMs: scheduledSinceMs + periodMs,
      timeZone: "UTC",
    });
  }

  #runScheduled(key: string, dueMs: number): void {
    const rule = this.#rules.get(key);
    if (rule === undefined || this.#isStopped) return;
    this.#plan(rule);
    this.#send(rule, {
      id: randomUUID(),
      detailType: "Scheduled Event",
      source: "aws.events",
      timeMs: dueMs,
      resources: [ruleArn(rule)],
      detail: "{}",
    });
  }

  #patternOf(rule: RuleRecord): EventPattern | undefined {
    const known = this.#patterns.get(rule);
    if (known !== undefined || rule.eventPattern === undefined) return known;
    const pattern = parseEventPattern(rule.eventPattern);
    if (pattern.kind === "refused") return undefined;
    this.#patterns.set(rule, pattern);
    return pattern;
  }

  #send(rule: RuleRecord, event: BusEvent): void {
    for (const target of rule.targets) {
      const message = this.#message(rule, { event, target });
      if (message === undefined) continue;
      const { DeadLetterConfig, RetryPolicy } = target;
      this.#deliveries.send({
        targetArn: target.Arn,
        message: () => message,
        retryPolicy: {
          retriesMax: RetryPolicy?.MaximumRetryAttempts ?? DEFAULT_RETRY_POLICY.retriesMax,
          eventAgeSecMax:
            RetryPolicy?.MaximumEventAgeInSeconds ?? DEFAULT_RETRY_POLICY.eventAgeSecMax,
        },
        deadLetterArn: DeadLetterConfig?.Arn,
        deadLetterAttributes: { RULE_ARN: ruleArn(rule) },
      });
    }
  }

  #message(
    rule: RuleRecord,
    { event, target }: { event: BusEvent; target: TargetRecord },
  ): Delivery | undefined {
    const trace = event.traceId === undefined ? {} : { traceId: event.traceId };
    if (busNameOf(target.Arn) !== undefined) {
      // An event goes over at most two buses, or rules could send it round for ever.
      if (event.isForwarded === true) return undefined;
      const { source, detailType, resources } = event;
      return {
        body: event.detail,
        event: { source, detailType, resources, isForwarded: true },
        ...trace,
      };
    }
    const sources = { ruleName: rule.name, ruleArn: ruleArn(rule), nowMs: this.#clock.epochMs() };
    const groupId = target.SqsParameters?.MessageGroupId;
    const body = targetInput(event, target, sources);
    return { body, ...(groupId !== undefined && { groupId }), ...trace };
  }
}

/** Event buses, as other services send to them. */
export function eventsDelivery(buses: EventBuses): DeliveryTarget {
  return {
    service: "events",
    exists: (arn) => buses.exists(arn),
    deliver: async (arn, delivery) => buses.deliver(arn, delivery),
  };
}

export function busArn(name: string): string {
  return `arn:aws:events:${REGION}:${ACCOUNT_ID}:event-bus/${name}`;
}

export function ruleArn({ busName, name }: { busName: string; name: string }): string {
  const path = busName === DEFAULT_BUS ? name : `${busName}/${name}`;
  return `arn:aws:events:${REGION}:${ACCOUNT_ID}:rule/${path}`;
}

/** The bus that an ARN names, whether there is one or not. */
export function busNameOf(arn: string): string | undefined {
  return /^arn:aws[\w-]*:events:[a-z0-9-]+:\d{12}:event-bus\/(.+)$/.exec(arn)?.[1];
}
