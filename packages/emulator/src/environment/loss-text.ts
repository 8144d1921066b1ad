import { exitFailure, exitText, type PlatformFailure } from "./outcome-text.ts";
import type { Loss } from "./process-domain.ts";

/** The errors that AWS reports for extensions. */
export type ExtensionErrorType =
  | "Extension.InitError"
  | "Extension.ExitError"
  | "Extension.LaunchError"
  | "Extension.Crash";

/**
 * What the caller gets when a process ended before the invocation did.
 *
 * @param toldError - An extension that told of its error before it ended is not taken for crashed.
 * @see aws-lambda-runtime-interface-emulator@4fa2157, internal/lambda/rapid/handlers.go
 */
export function lossFailure(
  loss: Loss,
  { requestId, toldError }: { requestId: string; toldError: ExtensionErrorType | undefined },
): PlatformFailure {
  if (loss.kind === "runtime") {
    const failure = exitFailure(requestId, loss.exit);
    return toldError === undefined ? failure : { ...failure, errorType: toldError };
  }
  const { exit } = loss;
  const isSuccess = exit.kind === "code" && exit.code === 0;
  return {
    errorType: toldError ?? (loss.isLaunched ? "Extension.Crash" : "Extension.LaunchError"),
    errorMessage: `RequestId: ${requestId} Error: ${isSuccess ? "exit code 0" : exitText(exit)}`,
  };
}

/** What the caller gets where no process could be started at all; AWS has no text for what its host lacks. */
export function startFailure(requestId: string, cause: string): PlatformFailure {
  return { errorType: "Runtime.Unknown", errorMessage: `RequestId: ${requestId} Error: ${cause}` };
}

/** Why an environment ends whose process ended while nobody called it. */
export function idleLossText({ kind, exit }: Loss): string {
  const what = kind === "runtime" ? "its process" : "an extension";
  return `${what} ended while idle: ${exitText(exit)}`;
}
