import { parseEventPattern } from "../event-pattern/index.ts";
import {
  invalidParameter,
  invalidRequestContent,
  notEmulated,
  validationFailed,
} from "../lambda/aws-error.ts";
import {
  integerMember,
  isMembers,
  type RequestMembers,
  stringMember,
} from "../lambda/function-input.ts";
import type { FunctionStore, InvocationTarget } from "../lambda/function-store.ts";
import { parseFunctionReference } from "../lambda/names.ts";
import type { Queues } from "../sqs/contract.ts";
import { mappingFailures } from "./mapping-constraints.ts";
import type { MappingSettings, PollerBounds } from "./mapping-record.ts";

/** What settings are checked against. */
export interface MappingWorld {
  readonly store: FunctionStore;
  readonly queues: Queues;
}

/** What a request says of a mapping. */
export interface MappingInput {
  readonly settings: MappingSettings;
  /** Absent where the request does not say. */
  readonly isEnabled: boolean | undefined;
}

const BATCH_SIZE = 10;

/** From this batch size on, a mapping needs a window. */
const BATCH_SIZE_WITHOUT_WINDOW_MAX = 10;

/** Filters of one mapping, unless AWS grants more: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html read 2026-11-24 */
const FILTERS_MAX = 5;

const POLLERS_DEFAULT: PollerBounds = { minimum: 2, maximum: 200 };

/** Sources that AWS has and the emulator has not, by their part of an ARN. */
const OTHER_SOURCES: ReadonlySet<string> = new Set(["kinesis", "dynamodb", "kafka", "mq", "rds"]);

/** Members that only mappings of streams have. */
const STREAM_MEMBERS = [
  "DestinationConfig",
  "ParallelizationFactor",
  "BisectBatchOnFunctionError",
  "MaximumRetryAttempts",
  "MaximumRecordAgeInSeconds",
  "TumblingWindowInSeconds",
];

/**
 * The settings of a new mapping, every default filled in.
 *
 * @throws AwsError with AWS's text for the first check that fails.
 */
export function newMapping(members: RequestMembers, world: MappingWorld): MappingInput {
  const functionName = stringMember(members, "FunctionName");
  const failures = [
    ...(functionName === undefined
      ? ["Value null at 'functionName' failed to satisfy constraint: Member must not be null"]
      : []),
    ...mappingFailures(members),
  ];
  if (functionName === undefined || failures.length > 0) throw validationFailed(failures);
  const queueArn = stringMember(members, "EventSourceArn");
  checkSource(members, queueArn);
  const settings: MappingSettings = {
    ...changeable(members, {
      batchSize: BATCH_SIZE,
      windowSec: 0,
      reportsFailures: false,
      filterPatterns: [],
    }),
    queueArn: queueArn ?? "",
    isFifo: queueArn?.endsWith(".fifo") ?? false,
    functionArn: functionName,
  };
  checkBatch(settings);
  return { settings: withFunction(settings, world), isEnabled: enabledMember(members) };
}

/**
 * The settings of a mapping after a request to update it; what the request does not have stays.
 *
 * A function that is gone is no obstacle where the request names none: a mapping that waits can be disabled.
 *
 * @throws AwsError as {@link newMapping}.
 */
export function changedMapping(
  current: MappingSettings,
  { members, world }: { members: RequestMembers; world: MappingWorld },
): MappingInput {
  const failures = mappingFailures(members);
  if (failures.length > 0) throw validationFailed(failures);
  checkMembers(members);
  const functionName = stringMember(members, "FunctionName");
  const settings: MappingSettings = {
    ...changeable(members, current),
    queueArn: current.queueArn,
    isFifo: current.isFifo,
    functionArn: functionName ?? current.functionArn,
  };
  checkBatch(settings);
  return {
    settings: functionName === undefined ? settings : withFunction(settings, world),
    isEnabled: enabledMember(members),
  };
}

function checkSource(members: RequestMembers, arn: string | undefined): void {
  if (members["SelfManagedEventSource"] !== undefined) throw otherSource("a self-managed source");
  const service = arn?.split(":")[2] ?? "";
  if (OTHER_SOURCES.has(service)) throw otherSource(arn ?? service);
  checkMembers(members);
  if (arn === undefined || service !== "sqs") throw invalidParameter("Unrecognized event source.");
}

function checkMembers(members: RequestMembers): void {
  const unsupported = STREAM_MEMBERS.find((name) => (members[name] ?? undefined) !== undefined);
  if (unsupported !== undefined) {
    throw invalidParameter(
      `Unsupported ${unsupported} parameter for given event source mapping type.`,
    );
  }
  if ((members["StartingPosition"] ?? undefined) !== undefined) {
    throw invalidParameter("StartingPosition is not valid for SQS event sources.");
  }
}

type Changeable = Omit<MappingSettings, "queueArn" | "isFifo" | "functionArn">;

function changeable(members: RequestMembers, current: Changeable): Changeable {
  const concurrencyMax = concurrencyMember(members, current.concurrencyMax);
  const pollers = pollersMember(members, current.pollers);
  if (concurrencyMax !== undefined && pollers !== undefined) {
    throw invalidParameter(
      "ScalingConfig and ProvisionedPollerConfig cannot be used together; leave one of them out.",
    );
  }
  const responseTypes = listMember(members, "FunctionResponseTypes");
  return {
    batchSize: integerMember(members, "BatchSize") ?? current.batchSize,
    windowSec: integerMember(members, "MaximumBatchingWindowInSeconds") ?? current.windowSec,
    reportsFailures:
      responseTypes === undefined ? current.reportsFailures : responseTypes.length > 0,
    filterPatterns: filterMember(members) ?? current.filterPatterns,
    ...(concurrencyMax !== undefined && { concurrencyMax }),
    ...(pollers !== undefined && { pollers }),
  };
}

function checkBatch({ batchSize, windowSec, isFifo }: MappingSettings): void {
  if (isFifo && windowSec > 0) {
    throw invalidParameter("Batching window is not supported for FIFO queues");
  }
  if (batchSize > BATCH_SIZE_WITHOUT_WINDOW_MAX && windowSec === 0) {
    throw invalidParameter(
      "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    );
  }
}

/** The settings with the function's own ARN; it and the queue are there, and fit together. */
function withFunction(settings: MappingSettings, { store, queues }: MappingWorld): MappingSettings {
  const target = existingFunction(store, settings.functionArn);
  const queue = queues.find(settings.queueArn);
  if (queue === undefined) {
    throw invalidParameter(
      "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.",
    );
  }
  const { timeoutSec } = target.record.settings;
  if (queue.visibilityTimeoutSec < timeoutSec) {
    throw invalidParameter(
      `Queue visibility timeout: ${queue.visibilityTimeoutSec} seconds is less than Function timeout: ${timeoutSec} seconds`,
    );
  }
  return { ...settings, functionArn: target.invokedArn };
}

function existingFunction(store: FunctionStore, functionName: string): InvocationTarget {
  const reference = parseFunctionReference({
    functionName,
    operation: "CreateEventSourceMapping",
  });
  const target = store.findTarget(reference);
  if (target === undefined) throw invalidParameter("Function does not exist");
  return target;
}

/** The patterns of FilterCriteria; an empty one removes them. */
function filterMember(members: RequestMembers): string[] | undefined {
  const criteria = objectMember(members, "FilterCriteria");
  if (criteria === undefined) return undefined;
  const filters = listMember(criteria, "Filters") ?? [];
  if (filters.length > FILTERS_MAX) {
    throw invalidParameter(
      `A mapping has at most ${FILTERS_MAX} filters; got ${filters.length}. Put alternatives into one pattern with "$or".`,
    );
  }
  return filters.map((filter) => {
    const pattern = isMembers(filter) ? filter["Pattern"] : undefined;
    if (typeof pattern === "string" && parseEventPattern(pattern).kind === "pattern") {
      return pattern;
    }
    throw invalidParameter("Invalid filter pattern definition.");
  });
}

/** ScalingConfig; an empty one removes it. */
function concurrencyMember(
  members: RequestMembers,
  current: number | undefined,
): number | undefined {
  const scaling = objectMember(members, "ScalingConfig");
  return scaling === undefined ? current : integerMember(scaling, "MaximumConcurrency");
}

/** ProvisionedPollerConfig; an empty one removes it. */
function pollersMember(
  members: RequestMembers,
  current: PollerBounds | undefined,
): PollerBounds | undefined {
  const pollers = objectMember(members, "ProvisionedPollerConfig");
  if (pollers === undefined) return current;
  const minimum = integerMember(pollers, "MinimumPollers");
  const maximum = integerMember(pollers, "MaximumPollers");
  if (minimum === undefined && maximum === undefined) return undefined;
  const bounds = {
    minimum: minimum ?? POLLERS_DEFAULT.minimum,
    maximum: maximum ?? POLLERS_DEFAULT.maximum,
  };
  if (bounds.minimum <= bounds.maximum) return bounds;
  throw invalidParameter(
    `MinimumPollers (${bounds.minimum}) must not be greater than MaximumPollers (${bounds.maximum})`,
  );
}

function enabledMember(members: RequestMembers): boolean | undefined {
  const value = members["Enabled"];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  throw invalidRequestContent(
    `Could not parse request body into json: Enabled must be true or false; got ${JSON.stringify(value)}`,
  );
}

function objectMember(members: RequestMembers, name: string): RequestMembers | undefined {
  const value = members[name];
  if (value === undefined || value === null) return undefined;
  if (isMembers(value)) return value;
  throw invalidRequestContent(
    `Could not parse request body into json: ${name} must be an object; got ${JSON.stringify(value)}`,
  );
}

function listMember(members: RequestMembers, name: string): readonly unknown[] | undefined {
  const value = members[name];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value;
  throw invalidRequestContent(
    `Could not parse request body into json: ${name} must be a list; got ${JSON.stringify(value)}`,
  );
}

function otherSource(source: string): Error {
  return notEmulated(
    `${source} is no event source that this emulator has; it has SQS queues (arn:aws:sqs:us-east-1:000000000000:name).`,
  );
}
