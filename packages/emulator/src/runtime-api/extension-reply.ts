import type { ExtensionState } from "./extension-state.ts";
import { errorReply, type Reply } from "./reply.ts";

/*
 * The texts are those of AWS's implementation: aws-lambda-runtime-interface-emulator@4fa2157,
 * internal/lambda/rapi/handler and internal/lambda/rapi/middleware.
 */

/** Extensions of one environment, external and internal ones together. */
export const EXTENSIONS_MAX = 10;

export const ERROR_TYPE_HEADER = "Lambda-Extension-Function-Error-Type";
export const IDENTIFIER_HEADER = "Lambda-Extension-Identifier";

export const EMPTY_NAME = forbidden("Extension.InvalidExtensionName", "Empty extension name");
export const NAME_TAKEN = invalidState("Extension with this name already registered");
export const REGISTRATION_CLOSED = forbidden(
  "Extension.RegistrationClosed",
  "Extension registration closed already",
);
export const TOO_MANY = forbidden(
  "Extension.TooManyExtensions",
  `Extension limit (${EXTENSIONS_MAX}) reached`,
);
export const MISSING_IDENTIFIER = forbidden(
  "Extension.MissingExtensionIdentifier",
  `Missing ${IDENTIFIER_HEADER} header`,
);
export const INVALID_IDENTIFIER = forbidden(
  "Extension.InvalidExtensionIdentifier",
  `Invalid ${IDENTIFIER_HEADER}`,
);
export const MISSING_ERROR_TYPE = forbidden(
  "Extension.MissingHeader",
  `${ERROR_TYPE_HEADER} not found`,
);
/** The answer to an error that nobody known tells; `next` names the identifier instead. */
export const UNKNOWN_TELLER = forbidden(
  "Extension.UnknownExtensionIdentifier",
  `Unknown ${IDENTIFIER_HEADER}`,
);

/*
 * The subscriptions of the Logs API and the Telemetry API are answered as where AWS itself has them not, so
 * that an extension goes on without them.
 */
export const LOGS_NOT_SUPPORTED = errorReply(202, "Logs.NotSupported", "Logs API is not supported");
export const TELEMETRY_NOT_SUPPORTED = errorReply(
  202,
  "Telemetry.NotSupported",
  "Telemetry API is not supported",
);

export function unknownExtension(id: string): Reply {
  return forbidden("Extension.UnknownExtensionIdentifier", `Unknown extension ${id}`);
}

export function invalidRegistration(reason: string): Reply {
  return forbidden("InvalidRequestFormat", reason);
}

/** The refusal of an event type, by whether AWS has it at all. */
export function invalidEvent(event: string, { isExternal }: { isExternal: boolean }): Reply {
  const reason =
    event === "SHUTDOWN" && !isExternal
      ? "ShutdownEventNotSupportedForInternalExtension"
      : "ErrorInvalidEventType";
  return forbidden("Extension.InvalidEventType", `${event}: ${reason}`);
}

/** The refusal of a call that would lead an extension to state `to` from a state that does not allow it. */
export function extensionTransitionRefused(
  from: ExtensionState,
  { to, name }: { to: string; name: string },
): Reply {
  return invalidState(
    `State transition from ${from} to ${to} failed for extension ${name}. Error: State transition is not allowed`,
  );
}

function invalidState(message: string): Reply {
  return forbidden("Extension.InvalidExtensionState", message);
}

function forbidden(errorType: string, errorMessage: string): Reply {
  return errorReply(403, errorType, errorMessage);
}
