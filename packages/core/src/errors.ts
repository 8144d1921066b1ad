/** Who can mend the error: the caller (or the writer of the definition), or the system. */
export type Fault = "user" | "system";

interface ErrorTraits {
  /** HTTP status that the error has where it reaches a caller over HTTP. */
  readonly statusCode: number;
  readonly fault: Fault;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
}

/**
 * Every operating error of Pilotlight, by its stable code.
 *
 * docs/errors.md lists the same codes; a test holds the two together.
 */
export const ERROR_CATALOG = {
  ERR_DEFINITION_INVALID: { statusCode: 500, fault: "user", retryable: false },
  ERR_DEFINITION_UNREADABLE: { statusCode: 500, fault: "user", retryable: false },
  ERR_BUNDLE_FAILED: { statusCode: 500, fault: "user", retryable: false },
  ERR_LAYER_UNBUILDABLE: { statusCode: 500, fault: "user", retryable: false },
  ERR_LAYER_TOO_LARGE: { statusCode: 500, fault: "user", retryable: false },
  ERR_MODEL_UNLOADABLE: { statusCode: 503, fault: "user", retryable: false },
  ERR_HANDLER_INVALID: { statusCode: 500, fault: "user", retryable: false },
  ERR_HANDLER_FAILED: { statusCode: 500, fault: "user", retryable: false },
  ERR_HANDLER_MISSING: { statusCode: 404, fault: "user", retryable: false },
  ERR_ROUTE_UNKNOWN: { statusCode: 404, fault: "user", retryable: false },
  ERR_MODEL_UNKNOWN: { statusCode: 404, fault: "user", retryable: false },
  ERR_VERSION_UNKNOWN: { statusCode: 404, fault: "user", retryable: false },
  ERR_METHOD_REFUSED: { statusCode: 405, fault: "user", retryable: false },
  ERR_BODY_MALFORMED: { statusCode: 400, fault: "user", retryable: false },
  ERR_INPUT_INVALID: { statusCode: 400, fault: "user", retryable: false },
  ERR_OUTPUT_UNKNOWN: { statusCode: 400, fault: "user", retryable: false },
  ERR_HEADER_INVALID: { statusCode: 400, fault: "user", retryable: false },
  ERR_BODY_TOO_LARGE: { statusCode: 413, fault: "user", retryable: false },
  ERR_ANSWER_TOO_LARGE: { statusCode: 413, fault: "user", retryable: false },
  ERR_ENCODING_UNSUPPORTED: { statusCode: 415, fault: "user", retryable: false },
  ERR_INFERENCE_FAILED: { statusCode: 400, fault: "user", retryable: false },
  ERR_FUNCTION_FAILED: { statusCode: 503, fault: "system", retryable: true },
  ERR_FUNCTION_TIMED_OUT: { statusCode: 504, fault: "system", retryable: false },
  ERR_FUNCTION_THROTTLED: { statusCode: 503, fault: "system", retryable: true },
  ERR_FUNCTION_UNREACHABLE: { statusCode: 503, fault: "system", retryable: true },
  ERR_PORT_TAKEN: { statusCode: 500, fault: "user", retryable: false },
  ERR_EVENT_DROPPED: { statusCode: 500, fault: "user", retryable: false },
  ERR_STATE_BROKEN: { statusCode: 500, fault: "user", retryable: false },
  ERR_NODE_TOO_OLD: { statusCode: 500, fault: "user", retryable: false },
  ERR_COMMAND_INVALID: { statusCode: 500, fault: "user", retryable: false },
} as const satisfies Record<`ERR_${string}`, ErrorTraits>;

/** A stable error code, a key of {@link ERROR_CATALOG}. */
export type ErrorCode = keyof typeof ERROR_CATALOG;

/** Bundles duplicate classes, so that instanceof fails between them: the brand does not. */
const BRAND = Symbol.for("pilotlight.error");

/** An operating error: something that can go wrong in a correct program, with a stable code. */
export class PilotlightError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;

  /**
   * @param code - Key of the catalogue; it gives the HTTP status and whose fault it is.
   * @param message - What was wrong, what was got, what is accepted, and what to do.
   */
  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    // The code is the name, so that Lambda's errorType and every stack trace carry it.
    this.name = code;
    this.code = code;
  }

  /** On the prototype, so that no printed error shows it. */
  get [BRAND](): true {
    return true;
  }

  get statusCode(): number {
    return ERROR_CATALOG[this.code].statusCode;
  }

  get fault(): Fault {
    return ERROR_CATALOG[this.code].fault;
  }

  get isRetryable(): boolean {
    return ERROR_CATALOG[this.code].retryable;
  }
}

/** Whether `value` is an operating error of ours, from whichever bundle it came. */
export function isPilotlightError(value: unknown): value is PilotlightError {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** A mistake of the programmer; never caught. */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
}

/**
 * Asserts what must hold in a correct program.
 *
 * @throws {@link InvariantViolation} when `condition` is false.
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}
