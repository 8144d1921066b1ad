import { ACCOUNT_ID, REGION } from "../lambda/names.ts";
import type { Members } from "./constraints.ts";

export const DEFAULT_GROUP = "default";

/** A group of schedules. */
export interface GroupRecord {
  readonly name: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly clientToken?: string;
  readonly tags: readonly Tag[];
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What a caller says of a schedule, defaults filled in; members that are absent were not given. */
export interface ScheduleSettings {
  readonly expression: string;
  readonly timeZone: string;
  readonly startMs?: number;
  readonly endMs?: number;
  readonly description?: string;
  readonly state: string;
  readonly kmsKeyArn?: string;
  readonly target: ScheduleTarget;
  readonly flexibleTimeWindow: FlexibleTimeWindow;
  readonly actionAfterCompletion: string;
}

export interface FlexibleTimeWindow {
  readonly Mode: string;
  readonly MaximumWindowInMinutes?: number;
}

/** As CreateSchedule got it, with the retry policy filled in. */
export interface ScheduleTarget extends Members {
  readonly Arn: string;
  readonly RoleArn: string;
  readonly Input?: string;
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy: {
    readonly MaximumEventAgeInSeconds: number;
    readonly MaximumRetryAttempts: number;
  };
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly EventBridgeParameters?: { readonly DetailType: string; readonly Source: string };
}

/** A schedule. */
export interface ScheduleRecord extends ScheduleSettings {
  readonly groupName: string;
  readonly name: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly clientToken?: string;
}

/** Key of a schedule among all schedules; lists are in its order. */
export function scheduleKey({ groupName, name }: { groupName: string; name: string }): string {
  return `${groupName}/${name}`;
}

export function scheduleArn(schedule: { groupName: string; name: string }): string {
  return `arn:aws:scheduler:${REGION}:${ACCOUNT_ID}:schedule/${scheduleKey(schedule)}`;
}

export function groupArn(name: string): string {
  return `arn:aws:scheduler:${REGION}:${ACCOUNT_ID}:schedule-group/${name}`;
}

/** Reads a schedule of the state file. @throws Error, where the value is none. */
export function readSchedule(value: unknown): ScheduleRecord {
  const schedule = Object(value) as Partial<ScheduleRecord>;
  const texts = [schedule.groupName, schedule.name, schedule.expression, schedule.timeZone];
  const target = Object(schedule.target) as Partial<ScheduleTarget>;
  const isWhole =
    [...texts, schedule.state, schedule.flexibleTimeWindow?.Mode, target.Arn].every(isText) &&
    [schedule.createdMs, schedule.modifiedMs].every(Number.isFinite) &&
    Object.values(Object(target.RetryPolicy) as object).filter(Number.isFinite).length === 2;
  if (isWhole) return schedule as ScheduleRecord;
  throw new Error(`${JSON.stringify(value)} is not a whole schedule`);
}

/** Reads a group of the state file. @throws Error, where the value is none. */
export function readGroup(value: unknown): GroupRecord {
  const group = Object(value) as Partial<GroupRecord>;
  const isWhole =
    isText(group.name) &&
    [group.createdMs, group.modifiedMs].every(Number.isFinite) &&
    Array.isArray(group.tags);
  if (isWhole) return group as GroupRecord;
  throw new Error(`${JSON.stringify(value)} is not a whole schedule group`);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
