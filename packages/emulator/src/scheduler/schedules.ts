import { join } from "node:path";

import type { Random, Timers } from "@pilotlight/core";

import type { Deliveries } from "../delivery.ts";
import { Agenda } from "./agenda.ts";
import { KeptRecords } from "./kept-records.ts";
import { PersistentDeliveries } from "./persistent-delivery.ts";
import { nextOccurrence, parseScheduleExpression } from "./schedule-expression.ts";
import {
  DEFAULT_GROUP,
  type GroupRecord,
  readGroup,
  readSchedule,
  scheduleArn,
  scheduleKey,
  type ScheduleRecord,
} from "./schedule-record.ts";
import { newExecution, scheduledTime, targetMessage } from "./schedule-target.ts";

interface SchedulesOptions {
  /** Service time. */
  readonly clock: Timers;
  /** Places runs within flexible time windows. */
  readonly random: Random;
  readonly deliveries: Deliveries;
  /** Folder of what survives a restart. */
  readonly directory: string;
  readonly onError: (error: unknown) => void;
}

/**
 * The schedules of the account and their groups; each runs when its time comes.
 *
 * What would have run while the emulator did not is not made up for.
 */
export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #deliveries: PersistentDeliveries;
  readonly #schedules: KeptRecords<ScheduleRecord>;
  readonly #groups: KeptRecords<GroupRecord>;
  readonly #agenda: Agenda;
  /** The time that a planned run is for; a flexible one runs later than that. */
  readonly #plannedForMs = new Map<string, number>();
  #isStopped = false;

  /** @throws PilotlightError ERR_STATE_BROKEN when a file in the folder holds something else. */
  constructor(options: SchedulesOptions) {
    const { clock, deliveries, directory, onError } = options;
    this.#options = options;
    this.#deliveries = new PersistentDeliveries({ clock, deliveries, onError });
    this.#schedules = new KeptRecords({
      path: join(directory, "schedules.jsonl"),
      keyOf: scheduleKey,
      read: readSchedule,
    });
    this.#groups = new KeptRecords({
      path: join(directory, "groups.jsonl"),
      keyOf: ({ name }) => name,
      read: readGroup,
    });
    this.#agenda = new Agenda({ clock, onDue: (key) => this.#run(key) });
    const nowMs = clock.epochMs();
    if (this.#groups.get(DEFAULT_GROUP) === undefined) {
      this.#groups.put({ name: DEFAULT_GROUP, createdMs: nowMs, modifiedMs: nowMs, tags: [] });
    }
    for (const schedule of this.#schedules.list()) this.#plan(schedule, nowMs);
  }

  get nowMs(): number {
    return this.#options.clock.epochMs();
  }

  get size(): number {
    return this.#schedules.size;
  }

  group(name: string): GroupRecord | undefined {
    return this.#groups.get(name);
  }

  /** All groups, by name. */
  listGroups(): GroupRecord[] {
    return this.#groups.list();
  }

  putGroup(group: GroupRecord): void {
    this.#groups.put(group);
  }

  /** Deletes a group with its schedules. */
  deleteGroup(name: string): void {
    for (const schedule of this.list()) if (schedule.groupName === name) this.delete(schedule);
    this.#groups.delete(name);
  }

  get(schedule: { groupName: string; name: string }): ScheduleRecord | undefined {
    return this.#schedules.get(scheduleKey(schedule));
  }

  /** All schedules, by group and name. */
  list(): ScheduleRecord[] {
    return this.#schedules.list();
  }

  /** Makes a schedule, or changes one; a rate without a start runs at once. */
  put(schedule: ScheduleRecord): void {
    this.#schedules.put(schedule);
    this.#plan(schedule, this.nowMs - 1);
  }

  delete(schedule: { groupName: string; name: string }): void {
    const key = scheduleKey(schedule);
    this.#schedules.delete(key);
    this.#agenda.delete(key);
    this.#plannedForMs.delete(key);
  }

  /** Runs nothing any more. @returns How many deliveries are lost. */
  stop(): number {
    if (this.#isStopped) return 0;
    this.#isStopped = true;
    this.#agenda.clear();
    return this.#deliveries.stop();
  }

  /** Closes the files, when nothing changes them any more. */
  close(): void {
    this.#schedules.close();
    this.#groups.close();
  }

  /** @returns Whether the schedule will run again. */
  #plan(schedule: ScheduleRecord, afterMs: number): boolean {
    const key = scheduleKey(schedule);
    const nextMs = nextRunMs(schedule, afterMs);
    if (nextMs === undefined || schedule.state === "DISABLED") {
      this.#agenda.delete(key);
      this.#plannedForMs.delete(key);
      return nextMs !== undefined;
    }
    const { Mode, MaximumWindowInMinutes = 0 } = schedule.flexibleTimeWindow;
    const windowMs = Mode === "FLEXIBLE" ? MaximumWindowInMinutes * 60_000 : 0;
    this.#plannedForMs.set(key, nextMs);
    this.#agenda.set(key, nextMs + Math.floor(this.#options.random.next() * windowMs));
    return true;
  }

  #run(key: string): void {
    const schedule = this.#schedules.get(key);
    const scheduledMs = this.#plannedForMs.get(key);
    if (schedule === undefined || scheduledMs === undefined || this.#isStopped) return;
    this.#send(schedule, scheduledMs);
    // A run within its window may come after the time of the next one, which then counts.
    const runsAgain = this.#plan(schedule, Math.max(scheduledMs, lateMs(schedule, this.nowMs)));
    if (!runsAgain && schedule.actionAfterCompletion === "DELETE") this.delete(schedule);
  }

  #send(schedule: ScheduleRecord, scheduledMs: number): void {
    const execution = newExecution(scheduledMs);
    const { Arn, DeadLetterConfig, RetryPolicy } = schedule.target;
    this.#deliveries.send({
      targetArn: Arn,
      message: (attempt) => targetMessage(schedule, execution, attempt),
      retryPolicy: {
        eventAgeSecMax: RetryPolicy.MaximumEventAgeInSeconds,
        retriesMax: RetryPolicy.MaximumRetryAttempts,
      },
      deadLetterArn: DeadLetterConfig?.Arn,
      deadLetterAttributes: {
        SCHEDULE_ARN: scheduleArn(schedule),
        SCHEDULED_TIME: scheduledTime(scheduledMs),
        EXECUTION_ID: execution.id,
        IS_PAYLOAD_TRUNCATED: "false",
      },
    });
  }
}

/** Without a window, what is past was missed; within one, the next time may already have come. */
function lateMs({ flexibleTimeWindow }: ScheduleRecord, nowMs: number): number {
  return flexibleTimeWindow.Mode === "OFF" ? nowMs : 0;
}

/** The first time after `afterMs` at which the schedule is to run, between its start and its end. */
function nextRunMs(schedule: ScheduleRecord, afterMs: number): number | undefined {
  const expression = parseScheduleExpression(schedule.expression);
  if (expression === undefined) return undefined;
  const isOnce = expression.kind === "at";
  const startMs = isOnce ? undefined : schedule.startMs;
  const nextMs = nextOccurrence(expression, {
    afterMs: Math.max(afterMs, (startMs ?? 0) - 1),
    anchorMs: startMs ?? schedule.modifiedMs,
    timeZone: schedule.timeZone,
  });
  const endMs = isOnce ? undefined : schedule.endMs;
  return nextMs !== undefined && endMs !== undefined && nextMs >= endMs ? undefined : nextMs;
}
