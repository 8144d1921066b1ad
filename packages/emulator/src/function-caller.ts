import type { InvocationOutcome, ResponseSink } from "./environment/contract.ts";

/** One call of a function by a service inside the emulated AWS, or by one of its front doors. */
export interface FunctionCall {
  /** The function's ARN, with or without a version or an alias. */
  readonly functionArn: string;
  readonly payload: Uint8Array;
  /** @default a new one */
  readonly requestId?: string;
  readonly traceId?: string;
  /** Where the parts of a streamed response go; without one, a function cannot stream. */
  readonly responseSink?: ResponseSink;
}

/** How a call ended: every refusal is a value. */
export type CallResult =
  | { readonly kind: "answered"; readonly outcome: InvocationOutcome; readonly version: string }
  | { readonly kind: "throttled"; readonly reason: ThrottleReason }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "unknown_function" }
  | { readonly kind: "stopping" };

/**
 * Why Lambda answers 429, as its error body says it.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html TooManyRequestsException
 */
export type ThrottleReason =
  | "ConcurrentInvocationLimitExceeded"
  | "FunctionInvocationRateLimitExceeded"
  | "ReservedFunctionConcurrentInvocationLimitExceeded"
  | "ReservedFunctionInvocationRateLimitExceeded"
  | "CallerRateLimitExceeded"
  | "ConcurrentSnapshotCreateLimitExceeded";

/** What the other services see of Lambda. */
export interface FunctionCaller {
  /** Whether the ARN names a function, version or alias that exists. */
  exists(functionArn: string): boolean;
  /** Runs the function and gives its answer (RequestResponse). */
  call(call: FunctionCall): Promise<CallResult>;
  /**
   * Puts an event into the function's asynchronous queue (Event).
   *
   * @returns Whether it was accepted; what is accepted is kept until it has ended.
   */
  send(call: Omit<FunctionCall, "responseSink">): boolean;
}
