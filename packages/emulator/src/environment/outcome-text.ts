import { LAMBDA_LIMITS } from "@pilotlight/core";

import { STREAM_BYTES_MAX } from "../runtime-api/index.ts";

/** How a process ended. */
export type ProcessExit =
  | { readonly kind: "code"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals }
  | { readonly kind: "unstartable"; readonly reason: string };

/** An error that AWS, not the function, reports. */
export interface PlatformFailure {
  readonly errorType: string;
  readonly errorMessage: string;
}

/** AWS's runtime is written in Go, which names signals so. */
const SIGNAL_NAMES: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGABRT: "aborted",
  SIGALRM: "alarm clock",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGHUP: "hangup",
  SIGILL: "illegal instruction",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGQUIT: "quit",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
  SIGTRAP: "trace/breakpoint trap",
  SIGUSR1: "user defined signal 1",
  SIGUSR2: "user defined signal 2",
};

/** What the caller gets when the process ended before it answered. */
export function exitFailure(requestId: string, exit: ProcessExit): PlatformFailure {
  const errorType = exit.kind === "unstartable" ? "Runtime.InvalidEntrypoint" : "Runtime.ExitError";
  return { errorType, errorMessage: `RequestId: ${requestId} Error: ${exitReason(exit)}` };
}

function exitReason(exit: ProcessExit): string {
  if (exit.kind === "unstartable") return exit.reason;
  return exit.kind === "code" && exit.code === 0
    ? "Runtime exited without providing a reason"
    : `Runtime exited with error: ${exitText(exit)}`;
}

/** How a process ended, in the words of AWS's runtime. */
export function exitText(exit: ProcessExit): string {
  switch (exit.kind) {
    case "unstartable":
      return exit.reason;
    case "signal":
      return `signal: ${SIGNAL_NAMES[exit.signal] ?? exit.signal}`;
    case "code":
      return `exit status ${exit.code}`;
  }
}

/**
 * The type of an error that a runtime posted, as AWS reports it: types of its own kinds are kept, any other
 * is unknown.
 *
 * @see aws-lambda-runtime-interface-emulator@4fa2157, internal/lambda/fatalerror/fatalerror.go
 */
export function postedErrorType(payload: Buffer): string {
  try {
    const { errorType } = JSON.parse(payload.toString("utf8")) as { errorType?: unknown };
    if (typeof errorType !== "string") return "Runtime.Unknown";
    if (/(Runtime|Function)\.[A-Z][a-zA-Z]+/.test(errorType)) return errorType;
    return errorType.startsWith("Function.") ? "Function.Unknown" : "Runtime.Unknown";
  } catch {
    // What is no JSON object has a type as well.
    return "Runtime.Unknown";
  }
}

/** What the caller gets when the function ran into its timeout. */
export function timeoutFailure(requestId: string, timeoutSec: number): PlatformFailure {
  return {
    errorType: "Sandbox.Timedout",
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${timeoutSec.toFixed(2)} seconds`,
  };
}

/** What the caller gets for an answer above the limit; the text does not say how large it was. */
export const RESPONSE_TOO_LARGE = responseTooLarge(LAMBDA_LIMITS.invokeResponseBytesMax);

/** What comes after the parts of a streamed response that went on beyond its limit. */
export const STREAM_TOO_LARGE = responseTooLarge(STREAM_BYTES_MAX);

/**
 * What the caller gets when a runtime broke its answer off and went on.
 *
 * @see aws-lambda-runtime-interface-emulator@4fa2157, internal/lambda/fatalerror/fatalerror.go for the type
 */
export const RESPONSE_TRUNCATED: PlatformFailure = {
  errorMessage: "Response was truncated",
  errorType: "Runtime.TruncatedResponse",
};

/** What the caller gets when the runtime asked for a response mode that does not exist. */
export const INVALID_RESPONSE_MODE: PlatformFailure = {
  errorType: "Runtime.InvalidResponseModeHeader",
  errorMessage: "Invalid function response mode",
};

function responseTooLarge(bytesMax: number): PlatformFailure {
  return {
    errorMessage: `Response payload size exceeded maximum allowed payload size (${bytesMax} bytes).`,
    errorType: "Function.ResponseSizeTooLarge",
  };
}

/** The failure as the caller of Invoke reads it. */
export function failurePayload({ errorType, errorMessage }: PlatformFailure): Buffer {
  return Buffer.from(JSON.stringify({ errorType, errorMessage }));
}
