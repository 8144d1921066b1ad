import { matchesEvent, parseEventPattern } from "../event-pattern/index.ts";
import { Constraints, isMembers, type Members } from "../scheduler/constraints.ts";
import { pageOf } from "../scheduler/page.ts";
import { parseRuleExpression } from "../scheduler/schedule-expression.ts";
import { DEFAULT_BUS, type EventBuses, ruleArn } from "./event-buses.ts";
import {
  eventsError,
  limitExceeded,
  notFound,
  refuseBroken,
  validationError,
} from "./events-error.ts";
import { busNameIn } from "./put-events.ts";
import type { RuleRecord } from "./rule-record.ts";
import { readTags } from "./tag-operations.ts";

const RULE_NAME = {
  required: true,
  min: 1,
  max: 64,
  pattern: { text: "[\\.\\-_A-Za-z0-9]+", regExp: /^[.\-_A-Za-z0-9]+$/ },
};

const BUS_NAME = {
  min: 1,
  max: 1600,
  pattern: {
    text: "(arn:aws[\\w-]*:events:[a-z]+-[a-z]+-[\\w-]+:[0-9]{12}:event-bus\\/)?[/\\.\\-_A-Za-z0-9]+",
    regExp: /^(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/.\-_A-Za-z0-9]+$/,
  },
};

const STATES = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];

/** Quotas of EventBridge, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html, read 2026-11-24. */
const RULES_OF_BUS_MAX = 300;
const PATTERN_CHARS_MAX = 2_048;

/** Items on one page: shape LimitMax100 of the service model. */
const PAGE_ITEMS_MAX = 100;

/** Makes a rule, or changes everything of one but its targets and tags. */
export function putRule(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const name = check.text("Name", RULE_NAME) ?? "";
  const scheduleExpression = check.text("ScheduleExpression", { max: 256 });
  const eventPattern = check.text("EventPattern", { max: 4096 });
  const state = check.text("State", { values: STATES }) ?? "ENABLED";
  const description = check.text("Description", { max: 512 });
  const roleArn = check.text("RoleArn", { min: 1, max: 1600 });
  const busNameGiven = check.text("EventBusName", BUS_NAME);
  const tags = readTags(check);
  refuseBroken(check.failures);
  const busName = existingBus(buses, busNameGiven);
  checkWhen(name, { busName, eventPattern, scheduleExpression });
  const before = buses.rule(busName, name);
  if (before === undefined && buses.listRules(busName).length >= RULES_OF_BUS_MAX) {
    throw limitExceeded();
  }
  const isSameSchedule = before?.scheduleExpression === scheduleExpression;
  const rule: RuleRecord = {
    name,
    busName,
    state,
    ...(eventPattern && { eventPattern }),
    ...(scheduleExpression && { scheduleExpression }),
    ...(description !== undefined && { description }),
    ...(roleArn !== undefined && { roleArn }),
    scheduledSinceMs:
      before !== undefined && isSameSchedule ? before.scheduledSinceMs : buses.clock.epochMs(),
    targets: before?.targets ?? [],
    tags: before?.tags ?? tags,
  };
  buses.putRule(rule);
  return { RuleArn: ruleArn(rule) };
}

export function describeRule(buses: EventBuses, members: Members): Members {
  const rule = calledRule(buses, members);
  return { ...ruleBody(rule), CreatedBy: ruleArn(rule).split(":")[4] };
}

/** Deletes a rule; one that does not exist is a success. */
export function deleteRule(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const name = check.text("Name", RULE_NAME) ?? "";
  const busNameGiven = check.text("EventBusName", BUS_NAME);
  refuseBroken(check.failures);
  const rule = buses.rule(existingBus(buses, busNameGiven), name);
  if (rule === undefined) return {};
  if (rule.targets.length > 0) {
    throw validationError("Rule can't be deleted since it has targets.");
  }
  buses.deleteRule(rule);
  return {};
}

export function enableRule(buses: EventBuses, members: Members): Members {
  return setState(buses, { members, state: "ENABLED" });
}

export function disableRule(buses: EventBuses, members: Members): Members {
  return setState(buses, { members, state: "DISABLED" });
}

export function listRules(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const prefix = check.text("NamePrefix", { ...RULE_NAME, required: false }) ?? "";
  const busNameGiven = check.text("EventBusName", BUS_NAME);
  const rules = () =>
    buses.listRules(existingBus(buses, busNameGiven)).filter(({ name }) => name.startsWith(prefix));
  const { items, nextToken } = listPage(check, { list: rules, keyOf: ({ name }) => name });
  return { Rules: items.map(ruleBody), NextToken: nextToken };
}

export function listRuleNamesByTarget(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const targetArn = check.text("TargetArn", { required: true, min: 1, max: 1600 });
  const busNameGiven = check.text("EventBusName", BUS_NAME);
  const names = () =>
    buses
      .listRules(existingBus(buses, busNameGiven))
      .filter(({ targets }) => targets.some(({ Arn }) => Arn === targetArn))
      .map(({ name }) => name);
  const { items, nextToken } = listPage(check, { list: names, keyOf: (name) => name });
  return { RuleNames: items, NextToken: nextToken };
}

/** Whether an event matches a pattern; neither is kept. */
export function testEventPattern(_buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const text = check.text("EventPattern", { required: true, max: 4096 }) ?? "";
  const event = check.text("Event", { required: true }) ?? "";
  refuseBroken(check.failures);
  const value = parsed(event);
  if (!isMembers(value)) throw validationError("Parameter Event is not valid.");
  return { Result: matchesEvent(readPattern(text), value) };
}

/** The rule that `Name` (or `Rule`) and `EventBusName` of a request mean. @throws AwsError where there is none. */
export function calledRule(buses: EventBuses, members: Members, member = "Name"): RuleRecord {
  const check = new Constraints(members);
  const name = check.text(member, RULE_NAME) ?? "";
  const busNameGiven = check.text("EventBusName", BUS_NAME);
  refuseBroken(check.failures);
  const busName = existingBus(buses, busNameGiven);
  const rule = buses.rule(busName, name);
  if (rule === undefined) {
    throw notFound(`Rule ${name} does not exist on EventBus ${busName}.`);
  }
  return rule;
}

/** The page of a list that `Limit` and `NextToken` ask for. */
export function listPage<Item>(
  check: Constraints,
  { list, keyOf }: { list: () => Item[]; keyOf: (item: Item) => string },
) {
  const itemsMax = check.integer("Limit", { min: 1, max: PAGE_ITEMS_MAX }) ?? PAGE_ITEMS_MAX;
  const token = check.text("NextToken", { min: 1, max: 2048 });
  refuseBroken(check.failures);
  const page = pageOf(list(), { itemsMax, token, keyOf });
  if (page === undefined) throw validationError("NextToken is not valid.");
  return page;
}

/** The name of a bus that there is. @throws AwsError where there is none. */
function existingBus(buses: EventBuses, nameOrArn: string | undefined): string {
  const name = busNameIn(nameOrArn);
  if (buses.bus(name) === undefined) throw notFound(`Event bus ${name} does not exist.`);
  return name;
}

function setState(
  buses: EventBuses,
  { members, state }: { members: Members; state: string },
): Members {
  buses.putRule({ ...calledRule(buses, members), state });
  return {};
}

function checkWhen(
  ruleName: string,
  when: {
    busName: string;
    eventPattern: string | undefined;
    scheduleExpression: string | undefined;
  },
): void {
  const { busName, eventPattern, scheduleExpression } = when;
  if (!eventPattern && !scheduleExpression) {
    throw validationError("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  }
  if (eventPattern && eventPattern.length > PATTERN_CHARS_MAX) {
    throw validationError(
      `Parameter EventPattern for rule ${ruleName} exceeds limit of ${PATTERN_CHARS_MAX}.`,
    );
  }
  if (eventPattern) readPattern(eventPattern);
  if (!scheduleExpression) return;
  if (busName !== DEFAULT_BUS) {
    throw validationError("ScheduleExpression is supported only on the default event bus.");
  }
  if (parseRuleExpression(scheduleExpression) === undefined) {
    throw validationError("Parameter ScheduleExpression is not valid.");
  }
}

function readPattern(text: string) {
  const pattern = parseEventPattern(text);
  if (pattern.kind !== "refused") return pattern;
  throw eventsError(
    "InvalidEventPatternException",
    `Event pattern is not valid. Reason: ${pattern.reason}`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Whoever asked says in its own words that this is no event.
    return undefined;
  }
}

function ruleBody(rule: RuleRecord): Members {
  return {
    Name: rule.name,
    Arn: ruleArn(rule),
    EventPattern: rule.eventPattern,
    State: rule.state,
    Description: rule.description,
    ScheduleExpression: rule.scheduleExpression,
    RoleArn: rule.roleArn,
    EventBusName: rule.busName,
  };
}
