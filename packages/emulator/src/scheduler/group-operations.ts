import { Constraints, type Members } from "./constraints.ts";
import { CLIENT_TOKEN, NAME } from "./schedule-input.ts";
import { pageOrRefusal, readPaging, secondsOf } from "./schedule-operations.ts";
import { DEFAULT_GROUP, groupArn, type GroupRecord, type Tag } from "./schedule-record.ts";
import { groupNotFound, refuseBroken, schedulerError, validationError } from "./scheduler-error.ts";
import type { Schedules } from "./schedules.ts";

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html, read 2026-11-24 */
const GROUPS_MAX = 500;

const TAGGED_ARN = {
  required: true,
  min: 1,
  max: 1011,
  pattern: {
    text: "^arn:aws(-[a-z]+)?:scheduler:[a-z0-9\\-]+:\\d{12}:schedule-group\\/[0-9a-zA-Z-_.]+$",
    regExp: /^arn:aws(-[a-z]+)?:scheduler:[a-z0-9-]+:\d{12}:schedule-group\/[0-9a-zA-Z\-_.]+$/,
  },
};

export function createScheduleGroup(schedules: Schedules, members: Members): Members {
  const check = new Constraints(members);
  const name = check.text("Name", NAME) ?? "";
  const clientToken = check.text("ClientToken", CLIENT_TOKEN);
  const tags = readTags(check);
  refuseBroken(check.failures);
  refuseDefault(name);
  const existing = schedules.group(name);
  if (existing !== undefined) {
    if (clientToken !== undefined && existing.clientToken === clientToken) {
      return { ScheduleGroupArn: groupArn(name) };
    }
    throw schedulerError("ConflictException", 409, `Schedule group ${name} already exists.`);
  }
  if (schedules.listGroups().length >= GROUPS_MAX) {
    throw schedulerError(
      "ServiceQuotaExceededException",
      402,
      `There are ${GROUPS_MAX} schedule groups, which is the quota; delete some.`,
    );
  }
  const { nowMs } = schedules;
  const token = clientToken === undefined ? {} : { clientToken };
  schedules.putGroup({ name, createdMs: nowMs, modifiedMs: nowMs, tags, ...token });
  return { ScheduleGroupArn: groupArn(name) };
}

export function getScheduleGroup(schedules: Schedules, members: Members): Members {
  return groupBody(calledGroup(schedules, members));
}

/** Deletes a group and all schedules in it. */
export function deleteScheduleGroup(schedules: Schedules, members: Members): Members {
  const check = new Constraints(members);
  const name = check.text("Name", NAME) ?? "";
  refuseBroken(check.failures);
  refuseDefault(name);
  schedules.deleteGroup(calledGroup(schedules, members).name);
  return {};
}

export function listScheduleGroups(schedules: Schedules, members: Members): Members {
  const check = new Constraints(members);
  const prefix = check.text("NamePrefix", { ...NAME, required: false }) ?? "";
  const paging = readPaging(check);
  refuseBroken(check.failures);
  const found = schedules.listGroups().filter(({ name }) => name.startsWith(prefix));
  const { items, nextToken } = pageOrRefusal(found, { ...paging, keyOf: ({ name }) => name });
  return { ScheduleGroups: items.map(groupBody), NextToken: nextToken };
}

export function tagResource(schedules: Schedules, members: Members): Members {
  const check = new Constraints(members);
  const added = readTags(check, true);
  const group = taggedGroup(schedules, check);
  const rest = group.tags.filter(({ Key }) => !added.some((tag) => tag.Key === Key));
  schedules.putGroup({ ...group, tags: [...rest, ...added] });
  return {};
}

export function untagResource(schedules: Schedules, members: Members): Members {
  const check = new Constraints(members);
  const keys = check.list("TagKeys", { required: true, max: 200 });
  const group = taggedGroup(schedules, check);
  schedules.putGroup({ ...group, tags: group.tags.filter(({ Key }) => !keys.includes(Key)) });
  return {};
}

export function listTagsForResource(schedules: Schedules, members: Members): Members {
  return { Tags: taggedGroup(schedules, new Constraints(members)).tags };
}

function readTags(check: Constraints, required = false): readonly Tag[] {
  return check.structures("Tags", { required, max: 200 }).map(({ check: tag }) => ({
    Key: tag.text("Key", { required: true, min: 1, max: 128 }) ?? "",
    Value: tag.text("Value", { required: true, min: 1, max: 256 }) ?? "",
  }));
}

function calledGroup(schedules: Schedules, members: Members): GroupRecord {
  const check = new Constraints(members);
  const name = check.text("Name", NAME) ?? "";
  refuseBroken(check.failures);
  const group = schedules.group(name);
  if (group === undefined) throw groupNotFound(name);
  return group;
}

function taggedGroup(schedules: Schedules, check: Constraints): GroupRecord {
  const arn = check.text("ResourceArn", TAGGED_ARN) ?? "";
  refuseBroken(check.failures);
  const name = arn.split("/")[1] ?? "";
  const group = schedules.group(name);
  if (group === undefined || groupArn(name) !== arn) throw groupNotFound(name);
  return group;
}

function refuseDefault(name: string): void {
  if (name !== DEFAULT_GROUP) return;
  throw validationError("This operation cannot be performed on schedule group default.");
}

function groupBody({ name, createdMs, modifiedMs }: GroupRecord): Members {
  return {
    Arn: groupArn(name),
    Name: name,
    State: "ACTIVE",
    CreationDate: secondsOf(createdMs),
    LastModificationDate: secondsOf(modifiedMs),
  };
}
