import { Constraints, type Members } from "./constraints.ts";
import { pageOf } from "./page.ts";
import { NAME, readScheduleInput } from "./schedule-input.ts";
import { DEFAULT_GROUP, scheduleArn, scheduleKey, type ScheduleRecord } from "./schedule-record.ts";
import {
  groupNotFound,
  refuseBroken,
  scheduleNotFound,
  schedulerError,
  validationError,
} from "./scheduler-error.ts";
import type { Schedules } from "./schedules.ts";

/** AWS has a million of them: https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html */
const SCHEDULES_MAX = 10_000;

/** Items on one page: shape MaxResults of the service model. */
const PAGE_ITEMS_MAX = 100;

export function createSchedule(schedules: Schedules, members: Members): Members {
  const input = readScheduleInput(members, schedules);
  const { groupName, name, clientToken, settings } = input;
  if (schedules.group(groupName) === undefined) throw groupNotFound(groupName);
  const existing = schedules.get(input);
  if (existing !== undefined) {
    // The same call again is not another one.
    if (clientToken !== undefined && existing.clientToken === clientToken) {
      return { ScheduleArn: scheduleArn(existing) };
    }
    throw schedulerError("ConflictException", 409, `Schedule ${name} already exists.`);
  }
  if (schedules.size >= SCHEDULES_MAX) {
    throw schedulerError(
      "ServiceQuotaExceededException",
      402,
      `There are ${SCHEDULES_MAX} schedules, which is the most that this emulator keeps; delete some.`,
    );
  }
  const { nowMs } = schedules;
  const schedule: ScheduleRecord = {
    groupName,
    name,
    ...settings,
    createdMs: nowMs,
    modifiedMs: nowMs,
    ...(clientToken !== undefined && { clientToken }),
  };
  schedules.put(schedule);
  return { ScheduleArn: scheduleArn(schedule) };
}

/** Replaces all settings: what is not given has its default again. */
export function updateSchedule(schedules: Schedules, members: Members): Members {
  const { groupName, name, settings } = readScheduleInput(members, schedules);
  const { createdMs } = existingSchedule(schedules, { groupName, name });
  const schedule = { groupName, name, ...settings, createdMs, modifiedMs: schedules.nowMs };
  schedules.put(schedule);
  return { ScheduleArn: scheduleArn(schedule) };
}

export function getSchedule(schedules: Schedules, members: Members): Members {
  const schedule = existingSchedule(schedules, calledSchedule(members));
  return {
    Arn: scheduleArn(schedule),
    GroupName: schedule.groupName,
    Name: schedule.name,
    ScheduleExpression: schedule.expression,
    ScheduleExpressionTimezone: schedule.timeZone,
    StartDate: secondsOf(schedule.startMs),
    EndDate: secondsOf(schedule.endMs),
    Description: schedule.description,
    State: schedule.state,
    CreationDate: secondsOf(schedule.createdMs),
    LastModificationDate: secondsOf(schedule.modifiedMs),
    KmsKeyArn: schedule.kmsKeyArn,
    Target: schedule.target,
    FlexibleTimeWindow: schedule.flexibleTimeWindow,
    ActionAfterCompletion: schedule.actionAfterCompletion,
  };
}

export function deleteSchedule(schedules: Schedules, members: Members): Members {
  schedules.delete(existingSchedule(schedules, calledSchedule(members)));
  return {};
}

export function listSchedules(schedules: Schedules, members: Members): Members {
  const check = new Constraints(members);
  const groupName = check.text("ScheduleGroup", { ...NAME, required: false });
  const prefix = check.text("NamePrefix", { ...NAME, required: false }) ?? "";
  const state = check.text("State", { values: ["ENABLED", "DISABLED"] });
  const paging = readPaging(check);
  refuseBroken(check.failures);
  if (groupName !== undefined && schedules.group(groupName) === undefined) {
    throw groupNotFound(groupName);
  }
  const found = schedules
    .list()
    .filter((schedule) => groupName === undefined || schedule.groupName === groupName)
    .filter((schedule) => state === undefined || schedule.state === state)
    .filter(({ name }) => name.startsWith(prefix));
  const { items, nextToken } = pageOrRefusal(found, { ...paging, keyOf: scheduleKey });
  return { Schedules: items.map(summaryBody), NextToken: nextToken };
}

/** The members of a list request that say which page it wants. */
export function readPaging(check: Constraints): { itemsMax: number; token: string | undefined } {
  const itemsMax = check.integer("MaxResults", { min: 1, max: PAGE_ITEMS_MAX }) ?? PAGE_ITEMS_MAX;
  return { itemsMax, token: check.text("NextToken", { min: 1, max: 2048 }) };
}

/** @throws AwsError 400 where the token is none. */
export function pageOrRefusal<Item>(
  items: readonly Item[],
  options: Parameters<typeof pageOf<Item>>[1],
) {
  const page = pageOf(items, options);
  if (page === undefined) throw validationError("Invalid NextToken.");
  return page;
}

/** Epoch seconds, as the service writes times. */
export function secondsOf(epochMs: number | undefined): number | undefined {
  return epochMs === undefined ? undefined : epochMs / 1000;
}

function calledSchedule(members: Members): { groupName: string; name: string } {
  const check = new Constraints(members);
  const name = check.text("Name", NAME) ?? "";
  const groupName = check.text("groupName", { ...NAME, required: false }) ?? DEFAULT_GROUP;
  refuseBroken(check.failures);
  return { groupName, name };
}

function existingSchedule(
  schedules: Schedules,
  called: { groupName: string; name: string },
): ScheduleRecord {
  if (schedules.group(called.groupName) === undefined) throw groupNotFound(called.groupName);
  const schedule = schedules.get(called);
  if (schedule === undefined) throw scheduleNotFound(called.name);
  return schedule;
}

function summaryBody(schedule: ScheduleRecord): Members {
  return {
    Arn: scheduleArn(schedule),
    Name: schedule.name,
    GroupName: schedule.groupName,
    State: schedule.state,
    CreationDate: secondsOf(schedule.createdMs),
    LastModificationDate: secondsOf(schedule.modifiedMs),
    Target: { Arn: schedule.target.Arn },
  };
}
