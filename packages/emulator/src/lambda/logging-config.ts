import { enumFailures } from "./constraint-failures.ts";
import type { LogSettings, SystemLogLevel } from "../environment/contract.ts";
import { invalidParameter, validationFailed } from "./aws-error.ts";

const FORMATS = ["JSON", "Text"] as const;
const APPLICATION_LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
const SYSTEM_LEVELS: readonly SystemLogLevel[] = ["DEBUG", "INFO", "WARN"];

/** Where a function with JSON names no level. */
const DEFAULT_LEVEL = "INFO";

const GROUP_CHARS_MAX = 512;
const GROUP_PATTERN_TEXT = "[\\.\\-_/#A-Za-z0-9]+";
const GROUP_PATTERN = /^[.\-_/#A-Za-z0-9]+$/;

/** `LoggingConfig` of a request. */
export interface LoggingMembers {
  readonly LogFormat: string | undefined;
  readonly ApplicationLogLevel: string | undefined;
  readonly SystemLogLevel: string | undefined;
  readonly LogGroup: string | undefined;
}

/**
 * How a function's log is written after a request; what the request does not name stays, but levels go with
 * JSON.
 *
 * @param members - `undefined` where the request says nothing of it.
 * @throws AwsError for a value that AWS does not have, or for levels of a log of text.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_LoggingConfig.html, read 2026-11-25
 */
export function changedLogging(
  current: LogSettings | undefined,
  members: LoggingMembers | undefined,
): LogSettings | undefined {
  if (members === undefined) return current;
  const failures = [
    ...enumFailures("loggingConfig.logFormat", members.LogFormat, FORMATS),
    ...enumFailures(
      "loggingConfig.applicationLogLevel",
      members.ApplicationLogLevel,
      APPLICATION_LEVELS,
    ),
    ...enumFailures("loggingConfig.systemLogLevel", members.SystemLogLevel, SYSTEM_LEVELS),
    ...groupFailures(members.LogGroup),
  ];
  if (failures.length > 0) throw validationFailed(failures);
  const format = members.LogFormat === undefined ? current?.format : formatOf(members.LogFormat);
  const group = members.LogGroup ?? current?.group;
  const { ApplicationLogLevel, SystemLogLevel } = members;
  if (format === "JSON") {
    return {
      format,
      applicationLevel: ApplicationLogLevel ?? current?.applicationLevel ?? DEFAULT_LEVEL,
      systemLevel:
        SYSTEM_LEVELS.find((level) => level === SystemLogLevel) ??
        current?.systemLevel ??
        DEFAULT_LEVEL,
      group,
    };
  }
  if (ApplicationLogLevel !== undefined || SystemLogLevel !== undefined) {
    throw invalidParameter(
      'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "Json" and try again.',
    );
  }
  return group === undefined ? undefined : { format: "Text", group };
}

/** `LoggingConfig` of FunctionConfiguration. */
export function loggingBody(
  logging: LogSettings | undefined,
  functionName: string,
): Record<string, string> {
  const { format = "Text", applicationLevel, systemLevel, group } = logging ?? {};
  return {
    LogFormat: format,
    ...(applicationLevel !== undefined && { ApplicationLogLevel: applicationLevel }),
    ...(systemLevel !== undefined && { SystemLogLevel: systemLevel }),
    LogGroup: group ?? `/aws/lambda/${functionName}`,
  };
}

function formatOf(text: string): LogSettings["format"] {
  return text === "JSON" ? "JSON" : "Text";
}

function groupFailures(group: string | undefined): string[] {
  if (group === undefined) return [];
  const place = `Value '${group}' at 'loggingConfig.logGroup' failed to satisfy constraint: Member must`;
  return [
    ...(group.length < 1 ? [`${place} have length greater than or equal to 1`] : []),
    ...(group.length > GROUP_CHARS_MAX
      ? [`${place} have length less than or equal to ${GROUP_CHARS_MAX}`]
      : []),
    ...(GROUP_PATTERN.test(group)
      ? []
      : [`${place} satisfy regular expression pattern: ${GROUP_PATTERN_TEXT}`]),
  ];
}
