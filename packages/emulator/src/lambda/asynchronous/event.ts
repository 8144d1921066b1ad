import type { FunctionReference } from "../names.ts";

/** An asynchronous invocation as its caller gave it. */
export interface OfferedEvent {
  readonly requestId: string;
  readonly reference: FunctionReference;
  readonly payload: Uint8Array;
  readonly contentType: string | undefined;
  /** All attempts at one event, and its records, carry the same one. */
  readonly traceId: string;
}

/** What a function answered: its result or its error. */
interface FunctionAnswer {
  readonly payload: Uint8Array;
  /** The version that ran. */
  readonly version: string;
}

/** How one attempt at an event ended. */
export type EventAttempt =
  | { readonly kind: "succeeded"; readonly answer: FunctionAnswer }
  | { readonly kind: "failed"; readonly answer: FunctionAnswer }
  | { readonly kind: "throttled"; readonly isReservedZero: boolean }
  | { readonly kind: "system_error"; readonly message: string }
  | { readonly kind: "unknown_function" }
  | { readonly kind: "stopping" };

/**
 * Why an event has come to its end, as the invocation record says it.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html, read 2026-11-24; recorded
 *   on AWS 2025-11-25 for ZeroReservedConcurrency.
 */
export type EventCondition =
  | "Success"
  | "RetriesExhausted"
  | "EventAgeExceeded"
  | "ZeroReservedConcurrency";

/** How an event ended: what its records are made of. */
export interface EventConclusion {
  readonly condition: EventCondition;
  /** Times that the function was invoked, the last attempt included. */
  readonly invokeCount: number;
  readonly epochMs: number;
  /** Present where the last attempt reached the function. */
  readonly answer: ConcludingAnswer | undefined;
  /** HTTP status that the last attempt had: 200 where the function ran, whether it failed or not. */
  readonly statusCode: number;
  /** Present where the last attempt did not reach the function. */
  readonly error: string | undefined;
}

export interface ConcludingAnswer {
  /** JSON text. */
  readonly payload: string;
  readonly version: string;
  readonly isFunctionError: boolean;
}

/** Where a record of an event is to go: to a destination, or the event itself to a dead-letter queue. */
export interface ReportTarget {
  readonly kind: "destination" | "dead_letter_queue";
  readonly arn: string;
}

/** What an event and its records need when the emulator starts again. */
export interface KeptEvent {
  /** Distinguishes the events of one state directory; a request id may come twice. */
  readonly id: number;
  readonly event: OfferedEvent;
  /** Service time since it was accepted, while an emulator had it. */
  readonly ageMs: number;
  /** Times that the function ran and failed. */
  readonly failures: number;
  /** Service time that was to pass before the next attempt. */
  readonly delayMs: number;
  /** Present when no attempt is made any more. */
  readonly report: EventReport | undefined;
}

export interface EventReport {
  readonly conclusion: EventConclusion;
  /** The ones that have not got it yet. */
  readonly targets: readonly ReportTarget[];
}
