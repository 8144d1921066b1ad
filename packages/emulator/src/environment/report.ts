/** What the REPORT line of an invocation says. */
export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly memoryMb: number;
  readonly memoryMbMax: number;
  /** Only on the invocation that ended an on-demand cold start. */
  readonly initDurationMs?: number | undefined;
  readonly status?: Status | undefined;
}

/** How an invocation or an init went wrong. */
export type Status =
  | { readonly kind: "timeout" }
  | { readonly kind: "error"; readonly errorType: string };

/**
 * The REPORT line. Since August 2025 the billed duration contains the init phase.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html for the fields of
 *   failed invocations, https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
 *   for the billing.
 */
export function reportLine(report: Report): string {
  const { initDurationMs, status } = report;
  let line =
    `REPORT RequestId: ${report.requestId}\tDuration: ${report.durationMs.toFixed(2)} ms\t` +
    `Billed Duration: ${billedMs(report)} ms\tMemory Size: ${report.memoryMb} MB\t` +
    `Max Memory Used: ${report.memoryMbMax} MB\t`;
  if (initDurationMs !== undefined) line += `Init Duration: ${initDurationMs.toFixed(2)} ms\t`;
  return status === undefined ? line : line + statusText(status);
}

export function billedMs({
  durationMs,
  initDurationMs = 0,
}: Pick<Report, "durationMs" | "initDurationMs">): number {
  return Math.ceil(durationMs + initDurationMs);
}

/** A runtime of the emulator has no version of its own. */
export const RUNTIME_VERSION = "nodejs:24";

export function runtimeVersionArn(functionArn: string): string {
  return `arn:aws:lambda:${functionArn.split(":")[3]}::runtime:emulated`;
}

/** The line that begins an init phase. */
export function initStartLine(functionArn: string): string {
  return `INIT_START Runtime Version: ${RUNTIME_VERSION}\tRuntime Version ARN: ${runtimeVersionArn(functionArn)}`;
}

/** The line that tells of an init phase that failed; the init is then repeated in the invocation. */
export function initReportLine(durationMs: number, status: Status): string {
  return `INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms\tPhase: init\t${statusText(status)}`;
}

function statusText(status: Status): string {
  return status.kind === "timeout"
    ? "Status: timeout"
    : `Status: error\tError Type: ${status.errorType}`;
}
