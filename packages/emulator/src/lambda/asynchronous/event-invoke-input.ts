import type { Deliveries } from "../../delivery.ts";
import {
  invalidParameter,
  invalidRequestContent,
  notEmulated,
  validationFailed,
} from "../aws-error.ts";
import {
  integerMember,
  isMembers,
  rangeFailures,
  type RequestMembers,
  stringMember,
} from "../function-input.ts";
import type { EventInvokeConfig } from "./event-invoke-config.ts";

/** What a request says; `undefined` where it says nothing. */
export interface EventInvokeInput {
  readonly maximumRetryAttempts: number | undefined;
  readonly maximumEventAgeSec: number | undefined;
  readonly destinations: Pick<EventInvokeConfig, "onSuccess" | "onFailure"> | undefined;
}

/** Bounds of the service model: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html, read 2026-11-24. */
const RETRY_ATTEMPTS = { min: 0, max: 2 } as const;
const EVENT_AGE_SEC = { min: 60, max: 21_600 } as const;
const DESTINATION_CHARS_MAX = 350;

const DESTINATION_PATTERN_TEXT =
  "$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";
const DESTINATION_PATTERN =
  /^(?:|kafka:\/\/[^.][a-zA-Z0-9\-_.]{0,248}|arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:(?:(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d)?:(?:\d{12})?:.*)$/;

/** Services that take records of either kind, and the one that takes those of failures only. */
const DESTINATION_SERVICES: ReadonlySet<string> = new Set(["lambda", "sqs", "sns", "events"]);
const FAILURE_SERVICE = "s3";

/**
 * Reads the body of Put- and UpdateFunctionEventInvokeConfig.
 *
 * @throws AwsError with AWS's text when a member breaks the service model, or none is given.
 */
export function eventInvokeInput(members: RequestMembers): EventInvokeInput {
  const input = {
    maximumRetryAttempts: integerMember(members, "MaximumRetryAttempts"),
    maximumEventAgeSec: integerMember(members, "MaximumEventAgeInSeconds"),
    destinations: destinationsMember(members),
  };
  const { maximumRetryAttempts, maximumEventAgeSec, destinations } = input;
  const failures = [
    ...(maximumRetryAttempts === undefined
      ? []
      : rangeFailures("maximumRetryAttempts", maximumRetryAttempts, RETRY_ATTEMPTS)),
    ...(maximumEventAgeSec === undefined
      ? []
      : rangeFailures("maximumEventAgeInSeconds", maximumEventAgeSec, EVENT_AGE_SEC)),
    ...destinationFailures("onSuccess", destinations?.onSuccess),
    ...destinationFailures("onFailure", destinations?.onFailure),
  ];
  if (failures.length > 0) throw validationFailed(failures);
  if (Object.values(input).every((value) => value === undefined)) {
    throw invalidParameter(
      "You must specify at least one of error handling or destination setting.",
    );
  }
  return input;
}

/**
 * Checks that records can go to the destinations.
 *
 * @param functionName - The function that they are for: it cannot be its own destination.
 * @throws AwsError with AWS's text.
 */
export function checkDestinations(
  destinations: Pick<EventInvokeConfig, "onSuccess" | "onFailure">,
  { functionName, deliveries }: { functionName: string; deliveries: Deliveries },
): void {
  const { onSuccess, onFailure } = destinations;
  const isAccepted =
    (onSuccess === undefined || DESTINATION_SERVICES.has(serviceOf(onSuccess))) &&
    (onFailure === undefined ||
      DESTINATION_SERVICES.has(serviceOf(onFailure)) ||
      serviceOf(onFailure) === FAILURE_SERVICE);
  if (!isAccepted) {
    const success = onSuccess === undefined ? "null" : `OnSuccess(destination=${onSuccess})`;
    const failure = onFailure === undefined ? "null" : `OnFailure(destination=${onFailure})`;
    throw invalidParameter(
      `The provided destination config DestinationConfig(onSuccess=${success}, onFailure=${failure}) is invalid.`,
    );
  }
  for (const arn of [onFailure, onSuccess]) {
    if (arn !== undefined) checkDestination(arn, { functionName, deliveries });
  }
}

function checkDestination(
  arn: string,
  { functionName, deliveries }: { functionName: string; deliveries: Deliveries },
): void {
  const service = serviceOf(arn);
  if (service === "sns") {
    throw notEmulated(
      `${arn}: SNS is not emulated; destinations here are queues (sqs), functions (lambda) and event buses (events).`,
    );
  }
  // Records go to standard queues only.
  const isFifo = service === "sqs" && arn.endsWith(".fifo");
  if (isFifo || !deliveries.exists(arn)) {
    throw invalidParameter(`The destination ARN ${arn} is invalid.`);
  }
  if (service === "lambda" && arn.split(":")[6] === functionName) {
    throw invalidParameter("You can't specify the function as a destination for itself.");
  }
}

function serviceOf(arn: string): string {
  return arn.startsWith("arn:") ? (arn.split(":")[2] ?? "") : "";
}

function destinationsMember(members: RequestMembers): EventInvokeInput["destinations"] {
  const config = objectMember(members, "DestinationConfig");
  if (config === undefined) return undefined;
  return {
    onSuccess: destinationOf(config, "OnSuccess"),
    onFailure: destinationOf(config, "OnFailure"),
  };
}

/** An empty ARN is none, as the service model's pattern allows it. */
function destinationOf(config: RequestMembers, name: string): string | undefined {
  const members = objectMember(config, name);
  const arn = members === undefined ? undefined : stringMember(members, "Destination");
  return arn === "" ? undefined : arn;
}

function objectMember(members: RequestMembers, name: string): RequestMembers | undefined {
  const value = members[name];
  if (value === undefined || value === null) return undefined;
  if (isMembers(value)) return value;
  throw invalidRequestContent(
    `Could not parse request body into json: ${name} must be an object; got ${JSON.stringify(value)}`,
  );
}

function destinationFailures(member: string, arn: string | undefined): string[] {
  if (arn === undefined) return [];
  const place = `Value '${arn}' at 'destinationConfig.${member}.destination' failed to satisfy constraint: Member must`;
  return [
    ...(arn.length > DESTINATION_CHARS_MAX
      ? [`${place} have length less than or equal to ${DESTINATION_CHARS_MAX}`]
      : []),
    ...(DESTINATION_PATTERN.test(arn)
      ? []
      : [`${place} satisfy regular expression pattern: ${DESTINATION_PATTERN_TEXT}`]),
  ];
}
