import { randomUUID } from "node:crypto";

import { Constraints, type Members } from "../scheduler/constraints.ts";
import { isObjectText } from "./event.ts";
import { busNameOf, DEFAULT_BUS, type EventBuses } from "./event-buses.ts";
import { refuseBroken, validationError } from "./events-error.ts";

const ENTRIES_MAX = 10;

/** All entries of a request together, bytes: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const ENTRIES_BYTES_MAX = 1_048_576;

/** Bytes that an entry's Time counts for, as https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html has it. */
const TIME_BYTES = 14;

type EntryResult =
  | { readonly EventId: string }
  | { readonly ErrorCode: string; readonly ErrorMessage: string };

/** Puts up to ten events onto buses; each entry succeeds or fails by itself. */
export function putEvents(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const entries = check.structures("Entries", { required: true, min: 1, max: ENTRIES_MAX });
  for (const entry of entries) checkEntry(entry.check);
  refuseBroken(check.failures);
  const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry.members), 0);
  if (bytes > ENTRIES_BYTES_MAX) {
    throw validationError("Total size of the entries in the request is over the limit.");
  }
  const results = entries.map((entry) => putEntry(buses, entry));
  const failed = results.filter((result) => "ErrorCode" in result);
  return { FailedEntryCount: failed.length, Entries: results };
}

function checkEntry(check: Constraints): void {
  check.text("Source");
  check.text("DetailType");
  check.text("Detail");
  check.text("TraceHeader", { min: 1, max: 500 });
  check.text("EventBusName", { min: 1, max: 1600, pattern: BUS_NAME });
  check.timestampMs("Time");
  check.list("Resources");
}

const BUS_NAME = {
  text: "(arn:aws[\\w-]*:events:[a-z]+-[a-z]+-[\\w-]+:[0-9]{12}:event-bus\\/)?[\\.\\-_A-Za-z0-9]+",
  regExp: /^(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[.\-_A-Za-z0-9]+$/,
};

function putEntry(
  buses: EventBuses,
  { members, check }: { members: Members; check: Constraints },
): EntryResult {
  for (const name of ["Source", "DetailType", "Detail"]) {
    if (members[name] === undefined || members[name] === null || members[name] === "") {
      return refused(
        "InvalidArgument",
        `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      );
    }
  }
  const source = check.text("Source") ?? "";
  if (source.startsWith("aws.")) {
    return refused("NotAuthorizedForSourceException", "Not authorized for the source.");
  }
  const detail = check.text("Detail") ?? "";
  if (!isObjectText(detail)) return refused("MalformedDetail", "Detail is malformed.");
  const id = randomUUID();
  const traceId = check.text("TraceHeader");
  const resources = check.list("Resources").map(String);
  // An event for a bus that does not exist is accepted, and lost: that is what AWS does.
  buses.put(busNameIn(check.text("EventBusName")), {
    id,
    source,
    detailType: check.text("DetailType") ?? "",
    detail,
    resources,
    timeMs: check.timestampMs("Time") ?? buses.clock.epochMs(),
    ...(traceId !== undefined && { traceId }),
  });
  return { EventId: id };
}

/** The name in a bus's name or ARN. */
export function busNameIn(nameOrArn: string | undefined): string {
  if (nameOrArn === undefined) return DEFAULT_BUS;
  return busNameOf(nameOrArn) ?? nameOrArn;
}

function bytesOf({ Source, DetailType, Detail, Resources, Time }: Members): number {
  const texts = [Source, DetailType, Detail, ...(Array.isArray(Resources) ? Resources : [])];
  const bytes = texts.reduce<number>(
    (sum, text) => sum + (typeof text === "string" ? Buffer.byteLength(text) : 0),
    0,
  );
  return Time === undefined ? bytes : bytes + TIME_BYTES;
}

function refused(ErrorCode: string, ErrorMessage: string): EntryResult {
  return { ErrorCode, ErrorMessage };
}
