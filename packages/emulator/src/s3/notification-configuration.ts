import { randomUUID } from "node:crypto";

import { invalidArgument, malformedXml } from "./s3-error.ts";
import { listOf, membersOf, type ReadXml, readXml, textOf, writeXml } from "./xml.ts";

/** Services that notifications go to, by their element in a configuration. */
const TARGET_KINDS = [
  { element: "TopicConfiguration", member: "Topic", argument: "TopicArn", service: "sns" },
  { element: "QueueConfiguration", member: "Queue", argument: "QueueArn", service: "sqs" },
  {
    element: "CloudFunctionConfiguration",
    member: "CloudFunction",
    argument: "LambdaFunctionArn",
    service: "lambda",
  },
] as const;

/** One rule: which events of which keys go where. */
export interface NotificationRule {
  readonly id: string;
  readonly service: "sns" | "sqs" | "lambda";
  /** ARN of the target. */
  readonly target: string;
  /** `s3:ObjectCreated:Put`, or with `*` at the end. */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

/** What a bucket tells of its changes. */
export interface NotificationConfiguration {
  readonly rules: readonly NotificationRule[];
  /** Every event goes to the default event bus. */
  readonly isEventBridgeOn: boolean;
}

/** Rules of one bucket: https://docs.aws.amazon.com/general/latest/gr/s3.html, read 2026-11-24. */
const RULES_MAX = 100;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html, read 2026-11-24. */
const EVENTS: ReadonlySet<string> = new Set([
  "s3:TestEvent",
  ...withAll("s3:ObjectCreated", ["Put", "Post", "Copy", "CompleteMultipartUpload"]),
  ...withAll("s3:ObjectRemoved", ["Delete", "DeleteMarkerCreated"]),
  ...withAll("s3:ObjectRestore", ["Post", "Completed", "Delete"]),
  ...withAll("s3:Replication", [
    "OperationFailedReplication",
    "OperationMissedThreshold",
    "OperationReplicatedAfterThreshold",
    "OperationNotTracked",
  ]),
  ...withAll("s3:LifecycleExpiration", ["Delete", "DeleteMarkerCreated"]),
  ...withAll("s3:ObjectTagging", ["Put", "Delete"]),
  "s3:ReducedRedundancyLostObject",
  "s3:LifecycleTransition",
  "s3:IntelligentTiering",
  "s3:ObjectAcl:Put",
]);

function withAll(group: string, names: readonly string[]): string[] {
  return ["*", ...names].map((name) => `${group}:${name}`);
}

/**
 * Reads the body of PutBucketNotificationConfiguration.
 *
 * Whether the targets exist is for the caller to ask.
 *
 * @throws S3Error 400 with S3's text for whatever is wrong.
 */
export function parseNotificationConfiguration(text: string): NotificationConfiguration {
  const members = readXml(text, "NotificationConfiguration");
  const rules = TARGET_KINDS.flatMap((kind) =>
    listOf(members[kind.element]).map((rule) => parseRule(membersOf(rule), kind)),
  );
  if (rules.length > RULES_MAX) throw malformedXml();
  checkIds(rules);
  checkOverlaps(rules);
  return { rules, isEventBridgeOn: members["EventBridgeConfiguration"] !== undefined };
}

/** The body of GetBucketNotificationConfiguration. */
export function notificationConfigurationXml({
  rules,
  isEventBridgeOn,
}: NotificationConfiguration): string {
  const lists = TARGET_KINDS.map(({ element, member, service }) => [
    element,
    rules
      .filter((rule) => rule.service === service)
      .map((rule) => ({
        Id: rule.id,
        [member]: rule.target,
        Event: rule.events,
        Filter: filterMembers(rule),
      })),
  ]);
  return writeXml("NotificationConfiguration", {
    ...Object.fromEntries(lists),
    EventBridgeConfiguration: isEventBridgeOn ? "" : undefined,
  });
}

/** Whether a rule is for an event of a key. @param eventName - Without a `*`. */
export function ruleMatches(
  { events, prefix, suffix }: NotificationRule,
  { eventName, key }: { eventName: string; key: string },
): boolean {
  return (
    events.some((event) => covers(event, eventName)) &&
    key.startsWith(prefix) &&
    key.endsWith(suffix)
  );
}

function filterMembers({ prefix, suffix }: NotificationRule) {
  const rules = [
    ...(prefix === "" ? [] : [{ Name: "Prefix", Value: prefix }]),
    ...(suffix === "" ? [] : [{ Name: "Suffix", Value: suffix }]),
  ];
  return rules.length === 0 ? undefined : { S3Key: { FilterRule: rules } };
}

function parseRule(
  members: Readonly<Record<string, ReadXml>>,
  { member, argument, service }: (typeof TARGET_KINDS)[number],
): NotificationRule {
  const target = textOf(members[member]);
  const events = listOf(members["Event"]).map((event) => textOf(event) ?? "");
  if (target === undefined || events.length === 0) throw malformedXml();
  for (const event of events) {
    if (EVENTS.has(event)) continue;
    throw invalidArgument("The event is not supported for notifications", {
      name: "Event",
      value: event,
    });
  }
  if (!new RegExp(`^arn:aws[a-z-]*:${service}:[^:]*:[^:]*:.+$`).test(target)) {
    throw invalidArgument("The ARN could not be parsed", { name: argument, value: target });
  }
  if (service === "sqs" && target.endsWith(".fifo")) {
    throw invalidArgument("FIFO SQS queues are not supported.", { name: argument, value: target });
  }
  return {
    id: textOf(members["Id"]) || Buffer.from(randomUUID()).toString("base64"),
    service,
    target,
    events,
    ...parseFilter(members["Filter"]),
  };
}

function parseFilter(filter: ReadXml | undefined): { prefix: string; suffix: string } {
  const found = { prefix: "", suffix: "" };
  const seen = new Set<string>();
  const keyFilter = membersOf(membersOf(filter ?? "")["S3Key"] ?? "");
  for (const rule of listOf(keyFilter["FilterRule"])) {
    const members = membersOf(rule);
    const name = textOf(members["Name"]);
    const value = textOf(members["Value"]);
    if (name === undefined || value === undefined) throw malformedXml();
    const known = name.toLowerCase();
    if (known !== "prefix" && known !== "suffix") {
      throw invalidArgument("filter rule name must be either prefix or suffix", {
        name: "FilterRule.Name",
        value: name,
      });
    }
    if (seen.has(known)) {
      throw invalidArgument(`Cannot specify more than one ${known} rule in a filter.`, {
        name: "FilterRule.Name",
        value: name,
      });
    }
    seen.add(known);
    found[known] = value;
  }
  return found;
}

function checkIds(rules: readonly NotificationRule[]): void {
  const ids = new Set<string>();
  for (const { id } of rules) {
    if (ids.has(id)) {
      throw invalidArgument("Same ID used for multiple configurations. IDs must be unique", {
        name: "Id",
        value: id,
      });
    }
    ids.add(id);
  }
}

/** Two rules may not both be for one event of one key, whatever their targets. */
function checkOverlaps(rules: readonly NotificationRule[]): void {
  rules.forEach((rule, index) => {
    for (const other of rules.slice(index + 1)) {
      const shared = sharedEvents(rule, other);
      if (shared === undefined || !filtersOverlap(rule, other)) continue;
      const isFiltered = [rule, other].some(({ prefix, suffix }) => prefix + suffix !== "");
      const message = isFiltered
        ? "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type."
        : "Configurations overlap. Configurations on the same bucket cannot share a common event type.";
      throw invalidArgument(message, { name: "Event", value: shared });
    }
  });
}

function sharedEvents(rule: NotificationRule, other: NotificationRule): string | undefined {
  for (const event of rule.events) {
    const same = other.events.find((known) => covers(event, known) || covers(known, event));
    if (same !== undefined) return `${event}, ${same}`;
  }
  return undefined;
}

function filtersOverlap(rule: NotificationRule, other: NotificationRule): boolean {
  const prefixes = rule.prefix.startsWith(other.prefix) || other.prefix.startsWith(rule.prefix);
  const suffixes = rule.suffix.endsWith(other.suffix) || other.suffix.endsWith(rule.suffix);
  return prefixes && suffixes;
}

/** Whether the events of a pattern include an event, or all those of another pattern. */
function covers(pattern: string, event: string): boolean {
  return pattern.endsWith("*") ? event.startsWith(pattern.slice(0, -1)) : pattern === event;
}
