import { Constraints, type Members } from "../scheduler/constraints.ts";
import { busNameOf, DEFAULT_BUS, type EventBuses } from "./event-buses.ts";
import { notFound, refuseBroken } from "./events-error.ts";
import type { Tag } from "./rule-record.ts";

export function tagResource(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const arn = resourceArn(check);
  const added = readTags(check, true);
  refuseBroken(check.failures);
  const resource = taggedResource(buses, arn);
  const rest = resource.tags.filter(({ Key }) => !added.some((tag) => tag.Key === Key));
  resource.retag([...rest, ...added]);
  return {};
}

export function untagResource(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const arn = resourceArn(check);
  const keys = check.list("TagKeys", { required: true });
  refuseBroken(check.failures);
  const resource = taggedResource(buses, arn);
  resource.retag(resource.tags.filter(({ Key }) => !keys.includes(Key)));
  return {};
}

export function listTagsForResource(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const arn = resourceArn(check);
  refuseBroken(check.failures);
  return { Tags: taggedResource(buses, arn).tags };
}

/** The member `Tags` of a request. */
export function readTags(check: Constraints, required = false): readonly Tag[] {
  return check.structures("Tags", { required }).map(({ check: tag }) => ({
    Key: tag.text("Key", { required: true, min: 1, max: 128 }) ?? "",
    Value: tag.text("Value", { required: true, max: 256 }) ?? "",
  }));
}

function resourceArn(check: Constraints): string {
  return check.text("ResourceARN", { required: true, min: 1, max: 1600 }) ?? "";
}

/** The rule or bus that an ARN names. @throws AwsError where there is none. */
function taggedResource(
  buses: EventBuses,
  arn: string,
): { tags: readonly Tag[]; retag: (tags: readonly Tag[]) => void } {
  const busName = busNameOf(arn);
  const bus = busName === undefined ? undefined : buses.bus(busName);
  if (bus !== undefined) {
    return { tags: bus.tags, retag: (tags) => buses.putBus({ ...bus, tags }) };
  }
  if (busName !== undefined) throw notFound(`Event bus ${busName} does not exist.`);
  const path = /:rule\/(.+)$/.exec(arn)?.[1] ?? "";
  const slash = path.lastIndexOf("/");
  const ruleBus = slash < 0 ? DEFAULT_BUS : path.slice(0, slash);
  const name = path.slice(slash + 1);
  const rule = buses.rule(ruleBus, name);
  if (rule === undefined) throw notFound(`Rule ${name} does not exist on EventBus ${ruleBus}.`);
  return { tags: rule.tags, retag: (tags) => buses.putRule({ ...rule, tags }) };
}
