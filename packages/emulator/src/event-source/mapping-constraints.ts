import { isMembers, type RequestMembers } from "../lambda/function-input.ts";

/** Ranges of the service model: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html read 2026-11-24 */
const RANGES: readonly {
  readonly path: readonly [string, ...string[]];
  readonly min: number;
  readonly max: number;
}[] = [
  { path: ["BatchSize"], min: 1, max: 10_000 },
  { path: ["MaximumBatchingWindowInSeconds"], min: 0, max: 300 },
  { path: ["ParallelizationFactor"], min: 1, max: 10 },
  { path: ["MaximumRecordAgeInSeconds"], min: -1, max: 604_800 },
  { path: ["MaximumRetryAttempts"], min: -1, max: 10_000 },
  { path: ["TumblingWindowInSeconds"], min: 0, max: 900 },
  { path: ["ScalingConfig", "MaximumConcurrency"], min: 2, max: 1_000 },
  { path: ["ProvisionedPollerConfig", "MinimumPollers"], min: 1, max: 200 },
  { path: ["ProvisionedPollerConfig", "MaximumPollers"], min: 1, max: 2_000 },
];

const ARN_PATTERN_TEXT =
  "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";
const ARN_PATTERN =
  /^arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:(?:(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d)?:(?:\d{12})?:.*$/;

const STARTING_POSITIONS: readonly unknown[] = ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"];
const PATTERN_CHARS_MAX = 4_096;

/** A sentence for each constraint of the service model that a request breaks, but for its function's name. */
export function mappingFailures(members: RequestMembers): string[] {
  return [
    ...RANGES.flatMap(({ path, min, max }) => rangeFailures(members, { path, min, max })),
    ...arnFailures(members["EventSourceArn"]),
    ...responseTypeFailures(members["FunctionResponseTypes"]),
    ...startingPositionFailures(members["StartingPosition"]),
    ...patternFailures(members["FilterCriteria"]),
  ];
}

function rangeFailures(
  members: RequestMembers,
  { path, min, max }: (typeof RANGES)[number],
): string[] {
  const value = path.reduce<unknown>(
    (holder, name) => (isMembers(holder) ? holder[name] : undefined),
    members,
  );
  if (typeof value !== "number" || (value >= min && value <= max)) return [];
  const bound = value < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`;
  const place = path.map(uncapitalised).join(".");
  return [failure(`'${value}'`, place, `Member must have value ${bound}`)];
}

function arnFailures(value: unknown): string[] {
  if (typeof value !== "string" || ARN_PATTERN.test(value)) return [];
  return [
    failure(
      `'${value}'`,
      "eventSourceArn",
      `Member must satisfy regular expression pattern: ${ARN_PATTERN_TEXT}`,
    ),
  ];
}

function responseTypeFailures(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  const types: unknown[] = value;
  const shown = `'[${types.join(", ")}]'`;
  const isKnown = types.every((type) => type === "ReportBatchItemFailures");
  return [
    ...(isKnown
      ? []
      : [
          failure(
            shown,
            "functionResponseTypes",
            "Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]",
          ),
        ]),
    ...(types.length <= 1
      ? []
      : [
          failure(
            shown,
            "functionResponseTypes",
            "Member must have length less than or equal to 1",
          ),
        ]),
  ];
}

function startingPositionFailures(value: unknown): string[] {
  if (typeof value !== "string" || STARTING_POSITIONS.includes(value)) return [];
  return [
    failure(
      `'${value}'`,
      "startingPosition",
      "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    ),
  ];
}

function patternFailures(criteria: unknown): string[] {
  const filters = isMembers(criteria) ? criteria["Filters"] : undefined;
  if (!Array.isArray(filters)) return [];
  return (filters as unknown[]).flatMap((filter, index) => {
    const pattern = isMembers(filter) ? filter["Pattern"] : undefined;
    if (typeof pattern !== "string" || pattern.length <= PATTERN_CHARS_MAX) return [];
    return [
      failure(
        `'${pattern}'`,
        `filterCriteria.filters.${index + 1}.member.pattern`,
        `Member must have length less than or equal to ${PATTERN_CHARS_MAX}`,
      ),
    ];
  });
}

function failure(value: string, place: string, constraint: string): string {
  return `Value ${value} at '${place}' failed to satisfy constraint: ${constraint}`;
}

function uncapitalised(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
