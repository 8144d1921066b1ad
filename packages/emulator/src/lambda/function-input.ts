import { LAMBDA_LIMITS } from "@pilotlight/core";

import { enumFailures } from "./constraint-failures.ts";
import { invalidParameter, invalidRequestContent, validationFailed } from "./aws-error.ts";
import { changedDeadLetterArn } from "./asynchronous/dead-letter-config.ts";
import { checkVariables } from "./environment-variables.ts";
import type { Architecture, FunctionSettings } from "./function-record.ts";
import { changedKept } from "./kept-settings.ts";
import { changedLogging, type LoggingMembers } from "./logging-config.ts";
import { checkRuntime } from "./runtime.ts";

/** Members of a request body, before they are checked. */
export type RequestMembers = Readonly<Record<string, unknown>>;

/** What a function has where its creator says nothing: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const DEFAULT_SETTINGS = {
  description: "",
  memoryMb: 128,
  timeoutSec: 3,
  architecture: "x86_64",
  variables: {},
  ephemeralStorageMb: 512,
  nodePath: [],
} as const satisfies Partial<FunctionSettings>;

/** The service model accepts more memory than an ordinary function can have. */
const MODEL_MEMORY_MB_MAX = 32_768;
const EPHEMERAL_STORAGE_MB_MIN = 512;
const EPHEMERAL_STORAGE_MB_MAX = 10_240;
const HANDLER_CHARS_MAX = 128;
const DESCRIPTION_CHARS_MAX = 256;

const ROLE_PATTERN_TEXT = "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
const ROLE_PATTERN = /^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/;

/**
 * Parses a request body that must be a JSON object; an empty body has no members.
 *
 * @throws AwsError 400 for anything else.
 */
export function parseMembers(body: Uint8Array): RequestMembers {
  if (body.byteLength === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw invalidRequestContent(`Could not parse request body into json: ${detail}`);
  }
  if (isMembers(value)) return value;
  throw invalidRequestContent("Could not parse request body into json: an object is expected");
}

/** Whether `value` is a JSON object. */
export function isMembers(value: unknown): value is RequestMembers {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member as a string; absent and null are the same. @throws AwsError 400 for another type. */
export function stringMember(members: RequestMembers, name: string): string | undefined {
  const value = members[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw invalidRequestContent(
    `Could not parse request body into json: ${name} must be a string; got ${JSON.stringify(value)}`,
  );
}

/** The member as an integer; absent and null are the same. @throws AwsError 400 for another type. */
export function integerMember(members: RequestMembers, name: string): number | undefined {
  const value = members[name];
  if (value === undefined || value === null) return undefined;
  if (Number.isInteger(value)) return Number(value);
  throw invalidRequestContent(
    `Could not parse request body into json: ${name} must be an integer; got ${JSON.stringify(value)}`,
  );
}

/**
 * The settings of a new function, every default filled in.
 *
 * @throws AwsError with AWS's text for the first check that fails.
 */
export function settingsForCreate(members: RequestMembers): FunctionSettings {
  const role = stringMember(members, "Role");
  const failures = [
    ...(role === undefined
      ? ["Value null at 'role' failed to satisfy constraint: Member must not be null"]
      : []),
    ...(isMembers(members["Code"])
      ? []
      : ["Value null at 'code' failed to satisfy constraint: Member must not be null"]),
  ];
  if (failures.length > 0) throw validationFailed(failures);
  const handler = stringMember(members, "Handler");
  const runtime = stringMember(members, "Runtime");
  checkPackageType(members);
  if (handler === undefined || runtime === undefined) {
    throw invalidParameter(
      "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
    );
  }
  return changedSettings({ ...DEFAULT_SETTINGS, handler, runtime, role: role ?? "" }, members);
}

/**
 * Settings with the members of an update applied; what the request does not name stays.
 *
 * @throws AwsError with AWS's text for the first check that fails.
 */
export function changedSettings(
  current: FunctionSettings,
  members: RequestMembers,
): FunctionSettings {
  const runtime = stringMember(members, "Runtime") ?? current.runtime;
  const settings: FunctionSettings = {
    ...changedKept(current, {
      mode: nestedMember(members, "TracingConfig", "Mode"),
      applyOn: nestedMember(members, "SnapStart", "ApplyOn"),
      keyArn: stringMember(members, "KMSKeyArn"),
      runtime,
    }),
    description: stringMember(members, "Description") ?? current.description,
    handler: stringMember(members, "Handler") ?? current.handler,
    runtime,
    role: stringMember(members, "Role") ?? current.role,
    memoryMb: integerMember(members, "MemorySize") ?? current.memoryMb,
    timeoutSec: integerMember(members, "Timeout") ?? current.timeoutSec,
    architecture: architectureMember(members) ?? current.architecture,
    variables: variablesMember(members) ?? current.variables,
    ephemeralStorageMb: ephemeralStorageMember(members) ?? current.ephemeralStorageMb,
    nodePath: current.nodePath,
    layers: current.layers,
    layerDirectories: current.layerDirectories,
    logging: changedLogging(current.logging, loggingMembers(members)),
    deadLetterArn: changedDeadLetterArn(
      current.deadLetterArn,
      nestedMember(members, "DeadLetterConfig", "TargetArn"),
    ),
  };
  checkSettings(settings);
  return settings;
}

/** The member `Architectures`. @throws AwsError 400 unless it is one of the two. */
export function architectureMember(members: RequestMembers): Architecture | undefined {
  const value = members["Architectures"];
  if (value === undefined || value === null) return undefined;
  const given: unknown[] = Array.isArray(value) ? value : [value];
  const known = given.filter((one) => one === "arm64" || one === "x86_64");
  const [only] = known;
  if (given.length === 1 && only !== undefined) return only;
  const place = `Value '[${given.join(", ")}]' at 'architectures' failed to satisfy constraint: Member must`;
  throw validationFailed([
    ...(given.length > 1 ? [`${place} have length less than or equal to 1`] : []),
    ...(given.length < 1 ? [`${place} have length greater than or equal to 1`] : []),
    ...(known.length < given.length
      ? [
          `${place} satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]`,
        ]
      : []),
  ]);
}

/**
 * Checks settings against the service model and Lambda's quotas.
 *
 * @throws AwsError with AWS's text.
 */
export function checkSettings(settings: FunctionSettings): void {
  const failures = constraintFailures(settings);
  if (failures.length > 0) throw validationFailed(failures);
  checkRuntime(settings.runtime);
  if (settings.memoryMb > LAMBDA_LIMITS.memoryMbMax) {
    throw invalidParameter(
      `'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to ${LAMBDA_LIMITS.memoryMbMax}`,
    );
  }
  checkVariables(settings.variables);
}

function constraintFailures(settings: FunctionSettings): string[] {
  return [
    ...rangeFailures("memorySize", settings.memoryMb, {
      min: LAMBDA_LIMITS.memoryMbMin,
      max: MODEL_MEMORY_MB_MAX,
    }),
    ...rangeFailures("timeout", settings.timeoutSec, {
      min: LAMBDA_LIMITS.timeoutSecMin,
      max: LAMBDA_LIMITS.timeoutSecMax,
    }),
    ...rangeFailures("ephemeralStorage.size", settings.ephemeralStorageMb, {
      min: EPHEMERAL_STORAGE_MB_MIN,
      max: EPHEMERAL_STORAGE_MB_MAX,
    }),
    ...lengthFailures("handler", settings.handler, HANDLER_CHARS_MAX),
    ...lengthFailures("description", settings.description, DESCRIPTION_CHARS_MAX),
    ...(/^\S+$/.test(settings.handler)
      ? []
      : [
          `Value '${settings.handler}' at 'handler' failed to satisfy constraint: Member must satisfy regular expression pattern: [^\\s]+`,
        ]),
    ...(ROLE_PATTERN.test(settings.role)
      ? []
      : [
          `Value '${settings.role}' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: ${ROLE_PATTERN_TEXT}`,
        ]),
  ];
}

/** The sentence for a value outside of its range, `name` as the service model has it; none for one inside. */
export function rangeFailures(
  name: string,
  value: number,
  { min, max }: { min: number; max: number },
): string[] {
  const place = `Value '${value}' at '${name}' failed to satisfy constraint: Member must have value`;
  if (value < min) return [`${place} greater than or equal to ${min}`];
  return value > max ? [`${place} less than or equal to ${max}`] : [];
}

function lengthFailures(name: string, value: string, charsMax: number): string[] {
  if (value.length <= charsMax) return [];
  return [
    `Value '${value}' at '${name}' failed to satisfy constraint: Member must have length less than or equal to ${charsMax}`,
  ];
}

function checkPackageType(members: RequestMembers): void {
  const packageType = stringMember(members, "PackageType");
  const failures = enumFailures("packageType", packageType, ["Image", "Zip"]);
  if (failures.length > 0) throw validationFailed(failures);
  if (packageType === undefined || packageType === "Zip") return;
  throw invalidParameter(
    `PackageType ${packageType} is not emulated: this emulator runs deployment packages (PackageType Zip)`,
  );
}

function variablesMember(members: RequestMembers): Record<string, string> | undefined {
  const environment = members["Environment"];
  if (!isMembers(environment)) return undefined;
  const variables = environment["Variables"];
  if (variables === undefined || variables === null) return {};
  if (
    isMembers(variables) &&
    Object.values(variables).every((value) => typeof value === "string")
  ) {
    return Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, String(value)]),
    );
  }
  throw invalidRequestContent(
    "Could not parse request body into json: Environment.Variables must be an object of strings",
  );
}

/** The member of a structure; absent where either is. */
function nestedMember(members: RequestMembers, name: string, inner: string): string | undefined {
  const structure = members[name];
  return isMembers(structure) ? stringMember(structure, inner) : undefined;
}

function loggingMembers(members: RequestMembers): LoggingMembers | undefined {
  const config = members["LoggingConfig"];
  if (!isMembers(config)) return undefined;
  return {
    LogFormat: stringMember(config, "LogFormat"),
    ApplicationLogLevel: stringMember(config, "ApplicationLogLevel"),
    SystemLogLevel: stringMember(config, "SystemLogLevel"),
    LogGroup: stringMember(config, "LogGroup"),
  };
}

function ephemeralStorageMember(members: RequestMembers): number | undefined {
  const storage = members["EphemeralStorage"];
  return isMembers(storage) ? integerMember(storage, "Size") : undefined;
}
