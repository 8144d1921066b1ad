import { Constraints, type Members } from "../scheduler/constraints.ts";
import { busArn, DEFAULT_BUS, type EventBuses } from "./event-buses.ts";
import {
  eventsError,
  limitExceeded,
  notFound,
  refuseBroken,
  validationError,
} from "./events-error.ts";
import { busNameIn } from "./put-events.ts";
import type { BusRecord } from "./rule-record.ts";
import { listPage } from "./rule-operations.ts";
import { readTags } from "./tag-operations.ts";

const BUS_NAME = {
  min: 1,
  max: 256,
  pattern: { text: "[/\\.\\-_A-Za-z0-9]+", regExp: /^[/.\-_A-Za-z0-9]+$/ },
};

/** Quota of EventBridge, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html, read 2026-11-24. */
const BUSES_MAX = 100;

export function createEventBus(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const name = check.text("Name", { ...BUS_NAME, required: true }) ?? "";
  const description = check.text("Description", { max: 512 });
  const tags = readTags(check);
  refuseBroken(check.failures);
  if (buses.bus(name) !== undefined) {
    throw eventsError("ResourceAlreadyExistsException", `Event bus ${name} already exists.`);
  }
  if (buses.listBuses().length >= BUSES_MAX) throw limitExceeded();
  const described = description === undefined ? {} : { description };
  buses.putBus({ name, createdMs: buses.clock.epochMs(), tags, ...described });
  return { EventBusArn: busArn(name), Description: description };
}

/** Deletes a bus with its rules; one that does not exist is a success. */
export function deleteEventBus(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const name = check.text("Name", { ...BUS_NAME, required: true }) ?? "";
  refuseBroken(check.failures);
  if (name === DEFAULT_BUS) throw validationError("Cannot delete event bus default.");
  for (const rule of buses.listRules(name)) buses.deleteRule(rule);
  buses.deleteBus(name);
  return {};
}

export function describeEventBus(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const name = busNameIn(check.text("Name", { min: 1, max: 1600 }));
  refuseBroken(check.failures);
  const bus = buses.bus(name);
  if (bus === undefined) throw notFound(`Event bus ${name} does not exist.`);
  return busBody(bus);
}

export function listEventBuses(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const prefix = check.text("NamePrefix", BUS_NAME) ?? "";
  const { items, nextToken } = listPage(check, {
    list: () => buses.listBuses().filter(({ name }) => name.startsWith(prefix)),
    keyOf: ({ name }) => name,
  });
  return { EventBuses: items.map(busBody), NextToken: nextToken };
}

function busBody({ name, description, createdMs }: BusRecord): Members {
  return {
    Name: name,
    Arn: busArn(name),
    Description: description,
    CreationTime: createdMs / 1000,
    LastModifiedTime: createdMs / 1000,
  };
}
