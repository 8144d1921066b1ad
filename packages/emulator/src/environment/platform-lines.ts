import type { ExtensionSummary } from "../runtime-api/index.ts";
import type { FunctionVersion, SystemLogLevel } from "./contract.ts";
import {
  billedMs,
  initReportLine,
  initStartLine,
  type Report,
  reportLine,
  RUNTIME_VERSION,
  runtimeVersionArn,
  type Status,
} from "./report.ts";
import type { InitializationType } from "./variables.ts";

/*
 * What Lambda itself writes into a function's log: lines of text, or one JSON object for each event, as the
 * function's logging configuration says.
 *
 * The objects are those of the Telemetry API, and the levels are AWS's:
 * https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html, read 2026-11-25.
 */

interface PlatformEvent {
  readonly type: string;
  readonly level: SystemLogLevel;
  readonly record: Readonly<Record<string, unknown>>;
}

const LEVELS: readonly SystemLogLevel[] = ["DEBUG", "INFO", "WARN"];

/** The lines of the log that tell of something. @param epochMs - When it was. */
interface At {
  readonly epochMs: number;
}

export function initStartLines(
  version: FunctionVersion,
  { epochMs, initializationType }: At & { readonly initializationType: InitializationType },
): string[] {
  if (!isJson(version)) return [initStartLine(version.functionArn)];
  const record = {
    initializationType,
    phase: "init",
    runtimeVersion: RUNTIME_VERSION,
    runtimeVersionArn: runtimeVersionArn(version.functionArn),
    functionName: version.functionName,
    functionVersion: version.version,
  };
  return jsonLines(version, epochMs, [{ type: "platform.initStart", level: "INFO", record }]);
}

/** Tells of an init phase that failed. */
export function initReportLines(
  version: FunctionVersion,
  {
    epochMs,
    initializationType,
    durationMs,
    status,
  }: At & {
    readonly initializationType: InitializationType;
    readonly durationMs: number;
    readonly status: Status;
  },
): string[] {
  if (!isJson(version)) return [initReportLine(durationMs, status)];
  const record = {
    initializationType,
    phase: "init",
    ...statusMembers(status),
    metrics: { durationMs: rounded(durationMs) },
  };
  return jsonLines(version, epochMs, [{ type: "platform.initReport", level: "WARN", record }]);
}

export function extensionLines(
  version: FunctionVersion,
  { epochMs, extensions }: At & { readonly extensions: readonly ExtensionSummary[] },
): string[] {
  if (!isJson(version)) return extensions.map(extensionLine);
  const told = extensions.map(({ name, state, events, errorType }): PlatformEvent => {
    const record = { name, state, events, ...(errorType !== undefined && { errorType }) };
    const level = errorType === undefined ? "INFO" : "WARN";
    return { type: "platform.extension", level, record };
  });
  return jsonLines(version, epochMs, told);
}

export function startLines(
  version: FunctionVersion,
  { epochMs, requestId }: At & { readonly requestId: string },
): string[] {
  if (!isJson(version)) return [`START RequestId: ${requestId} Version: ${version.version}`];
  const record = { requestId, version: version.version };
  return jsonLines(version, epochMs, [{ type: "platform.start", level: "INFO", record }]);
}

/** @param failureLines - What stands in a log of text before END; the objects have a status for it. */
export function endLines(
  version: FunctionVersion,
  {
    epochMs,
    report,
    failureLines,
  }: At & { readonly report: Report; readonly failureLines: readonly string[] },
): string[] {
  if (!isJson(version)) {
    return [...failureLines, `END RequestId: ${report.requestId}`, reportLine(report)];
  }
  return jsonLines(version, epochMs, [doneEvent(report), reportEvent(report)]);
}

function doneEvent({ requestId, durationMs, status }: Report): PlatformEvent {
  const metrics = { durationMs: rounded(durationMs) };
  const record = { requestId, ...statusMembers(status), metrics };
  return { type: "platform.runtimeDone", level: status === undefined ? "DEBUG" : "WARN", record };
}

function reportEvent(report: Report): PlatformEvent {
  const { requestId, initDurationMs, status } = report;
  const metrics = {
    durationMs: rounded(report.durationMs),
    billedDurationMs: billedMs(report),
    memorySizeMB: report.memoryMb,
    maxMemoryUsedMB: report.memoryMbMax,
    ...(initDurationMs !== undefined && { initDurationMs: rounded(initDurationMs) }),
  };
  const record = { requestId, metrics, ...statusMembers(status) };
  return { type: "platform.report", level: status === undefined ? "INFO" : "WARN", record };
}

function statusMembers(status: Status | undefined): Record<string, string> {
  if (status === undefined) return { status: "success" };
  return status.kind === "timeout"
    ? { status: "timeout" }
    : { status: "error", errorType: status.errorType };
}

function extensionLine({ name, state, events, errorType }: ExtensionSummary): string {
  const line = `EXTENSION\tName: ${name}\tState: ${state}\tEvents: [${events.join(", ")}]`;
  return errorType === undefined ? line : `${line}\tError Type: ${errorType}`;
}

function isJson({ logging }: FunctionVersion): boolean {
  return logging?.format === "JSON";
}

function jsonLines(
  { logging }: FunctionVersion,
  epochMs: number,
  events: readonly PlatformEvent[],
): string[] {
  const least = LEVELS.indexOf(logging?.systemLevel ?? "INFO");
  const time = new Date(epochMs).toISOString();
  return events
    .filter(({ level }) => LEVELS.indexOf(level) >= least)
    .map(({ type, record }) => JSON.stringify({ time, type, record }));
}

/** AWS gives durations to the microsecond. */
function rounded(durationMs: number): number {
  return Math.round(durationMs * 1000) / 1000;
}
