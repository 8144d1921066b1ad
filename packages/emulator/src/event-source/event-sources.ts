import { randomUUID } from "node:crypto";

import type { Timers } from "@pilotlight/core";

import type { FunctionCaller } from "../function-caller.ts";
import { AwsError, resourceConflict, resourceNotFound } from "../lambda/aws-error.ts";
import type { RequestMembers } from "../lambda/function-input.ts";
import { parseFunctionReference } from "../lambda/names.ts";
import { mappingBody } from "./mapping-body.ts";
import { changedMapping, type MappingWorld, newMapping } from "./mapping-input.ts";
import { MappingJournal } from "./mapping-journal.ts";
import {
  isPolling,
  type MappingPhase,
  type MappingSignal,
  nextMappingPhase,
} from "./mapping-phase.ts";
import type { MappingRecord, MappingSettings } from "./mapping-record.ts";
import { QueuePoller } from "./queue-poller.ts";

interface EventSourcesParts extends MappingWorld {
  readonly functions: FunctionCaller;
  /** Service time. */
  readonly clock: Timers;
  /** Absolute path of the file that the mappings are kept in. */
  readonly journalPath: string;
  /** Concurrent invocations of the account. */
  readonly concurrencyMax: number;
  /**
   * How long a state such as Creating lasts, service time; AWS takes seconds.
   * @default 0: the next request sees what follows
   */
  readonly settleMs?: number;
  readonly onError: (error: unknown) => void;
}

/** The event source mappings of the account. */
export class EventSources {
  readonly #parts: EventSourcesParts;
  readonly #journal: MappingJournal;
  /** In the order of their creation. */
  readonly #mappings = new Map<string, { record: MappingRecord; poller: QueuePoller }>();
  readonly #pollers = new Set<QueuePoller>();
  readonly #settling = new Set<() => void>();
  #isStopped = false;

  /** @throws PilotlightError ERR_STATE_BROKEN when the file of mappings holds something else. */
  constructor(parts: EventSourcesParts) {
    this.#parts = parts;
    this.#journal = new MappingJournal(parts.journalPath);
    for (const { uuid, isEnabled, settings, lastModifiedEpochMs } of this.#journal.list()) {
      const phase = isEnabled ? "enabled" : "disabled";
      this.#add({ uuid, phase, settings, lastModifiedEpochMs });
    }
  }

  /**
   * CreateEventSourceMapping.
   *
   * @returns The answer, in the state that the request has led to.
   * @throws AwsError with AWS's text.
   */
  create(members: RequestMembers): Record<string, unknown> {
    const { settings, isEnabled = true } = newMapping(members, this.#parts);
    this.#refuseSecond(settings, undefined);
    const record: MappingRecord = {
      uuid: randomUUID(),
      phase: isEnabled ? "creating" : "disabled",
      settings,
      lastModifiedEpochMs: this.#parts.clock.epochMs(),
    };
    this.#keep(record, isEnabled);
    this.#add(record);
    return this.#settled(record);
  }

  /** In the order of their creation. */
  list(): readonly MappingRecord[] {
    return [...this.#mappings.values()].map(({ record }) => record);
  }

  /** @throws AwsError 404. */
  get(uuid: string): MappingRecord {
    return this.#find(uuid).record;
  }

  /** UpdateEventSourceMapping. @throws AwsError as {@link EventSources.create}. */
  update(uuid: string, members: RequestMembers): Record<string, unknown> {
    const { record, poller } = this.#find(uuid);
    const { settings, isEnabled } = changedMapping(record.settings, {
      members,
      world: this.#parts,
    });
    this.#refuseSecond(settings, uuid);
    const phase = nextPhase(record, {
      signal: isEnabled === undefined ? "update" : isEnabled ? "enable" : "disable",
      verb: "update",
    });
    const lastModifiedEpochMs = this.#parts.clock.epochMs();
    // First into the file: what cannot be kept is not done.
    this.#keep({ ...record, settings, lastModifiedEpochMs }, isEnabled ?? isPolling(record.phase));
    Object.assign(record, { phase, settings, lastModifiedEpochMs });
    poller.update(settings);
    this.#steer(record);
    return this.#settled(record);
  }

  /** DeleteEventSourceMapping: messages that no function has dealt with stay in the queue. */
  delete(uuid: string): Record<string, unknown> {
    const { record } = this.#find(uuid);
    const phase = nextPhase(record, { signal: "delete", verb: "delete" });
    this.#journal.delete(uuid);
    record.phase = phase;
    this.#steer(record);
    return this.#settled(record);
  }

  /** Takes no more messages; what runs goes on, and what was not acknowledged stays in its queue. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#settling) cancel();
    for (const poller of this.#pollers) poller.stop();
  }

  /** Settles when no batch runs any more. */
  async end(): Promise<void> {
    this.stop();
    await Promise.all([...this.#pollers].map((poller) => poller.ended()));
    this.#journal.close();
  }

  #find(uuid: string): { record: MappingRecord; poller: QueuePoller } {
    const found = this.#mappings.get(uuid);
    if (found === undefined) throw resourceNotFound("The resource you requested does not exist.");
    return found;
  }

  #add(record: MappingRecord): void {
    const { queues, functions, clock, concurrencyMax, onError } = this.#parts;
    const { settings } = record;
    const poller = new QueuePoller({
      settings,
      queues,
      functions,
      clock,
      concurrencyMax,
      onError,
    });
    this.#mappings.set(record.uuid, { record, poller });
    this.#pollers.add(poller);
    this.#steer(record);
  }

  /** Has the poller do what the phase asks for. */
  #steer({ uuid, phase }: MappingRecord): void {
    const poller = this.#mappings.get(uuid)?.poller;
    if (poller === undefined) return;
    if (isPolling(phase) && !this.#isStopped) poller.start();
    else poller.stop();
    if (phase !== "deleted") return;
    this.#mappings.delete(uuid);
    void poller.ended().then(() => this.#pollers.delete(poller));
  }

  /** The answer to a request, taken before the transition that it has begun ends. */
  #settled(record: MappingRecord): Record<string, unknown> {
    const body = mappingBody(record);
    const { settleMs = 0, clock } = this.#parts;
    const settle = () => {
      record.phase = nextMappingPhase(record.phase, "settled") ?? record.phase;
      this.#steer(record);
    };
    if (settleMs === 0) {
      settle();
      return body;
    }
    const cancel = clock.after(settleMs, () => {
      this.#settling.delete(cancel);
      settle();
    });
    this.#settling.add(cancel);
    return body;
  }

  #keep({ uuid, settings, lastModifiedEpochMs }: MappingRecord, isEnabled: boolean): void {
    this.#journal.keep({ uuid, isEnabled, settings, lastModifiedEpochMs });
  }

  #refuseSecond({ functionArn, queueArn }: MappingSettings, ownUuid: string | undefined): void {
    const other = this.list().find(
      ({ uuid, settings }) =>
        uuid !== ownUuid && settings.functionArn === functionArn && settings.queueArn === queueArn,
    );
    if (other === undefined) return;
    const { name } = parseFunctionReference({
      functionName: functionArn,
      operation: "CreateEventSourceMapping",
    });
    throw resourceConflict(
      `An event source mapping with SQS arn (" ${queueArn} ") and function (" ${name} ") already exists. Please update or delete the existing mapping with UUID ${other.uuid}`,
    );
  }
}

/** @throws AwsError 400 while an earlier request has not ended. */
function nextPhase(
  { phase }: MappingRecord,
  { signal, verb }: { signal: MappingSignal; verb: "update" | "delete" },
): MappingPhase {
  const next = nextMappingPhase(phase, signal);
  if (next === undefined) throw resourceInUse(verb);
  return next;
}

function resourceInUse(verb: "update" | "delete"): AwsError {
  return new AwsError("ResourceInUseException", {
    statusCode: 400,
    body: {
      Type: "User",
      Message: `Cannot ${verb} the event source mapping because it is in use.`,
    },
  });
}
