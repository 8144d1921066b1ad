import { randomUUID } from "node:crypto";

import { invariant, type Timers } from "@pilotlight/core";

import type { RuntimeAnswer, RuntimeEvent, StreamWriter } from "../runtime-api/index.ts";
import type { FunctionVersion, Invocation, InvocationOutcome } from "./contract.ts";
import type { FunctionLog, InvocationLog } from "./function-log.ts";
import { unsampledTraceId } from "./names.ts";
import type { Fault } from "../faults/contract.ts";
import { exitCodeOf } from "./fault-effect.ts";
import {
  failurePayload,
  INVALID_RESPONSE_MODE,
  type PlatformFailure,
  RESPONSE_TOO_LARGE,
  RESPONSE_TRUNCATED,
  STREAM_TOO_LARGE,
  timeoutFailure,
} from "./outcome-text.ts";
import { endLines, startLines } from "./platform-lines.ts";
import type { Status } from "./report.ts";

export interface FlightOptions {
  readonly invocation: Invocation;
  readonly version: FunctionVersion;
  readonly clock: Timers;
  readonly isColdStart: boolean;
  readonly fault?: Fault | undefined;
}

/** One invocation on its way through an environment: its event, outcome, timeout and log. */
export class Flight {
  readonly invocation: Invocation;
  readonly isColdStart: boolean;
  readonly fault: Fault | undefined;
  readonly outcome: Promise<InvocationOutcome>;
  /** How it went wrong, for the REPORT line. */
  status: Status | undefined;
  /** Lines of the log that tell of a failure, before END. */
  failureLines: readonly string[] = [];
  readonly #version: FunctionVersion;
  readonly #clock: Timers;
  readonly #resolve: (outcome: InvocationOutcome) => void;
  readonly #tail = Promise.withResolvers<Uint8Array>();
  #event: RuntimeEvent | undefined;
  #startMs: number | undefined;
  #endMs: number | undefined;
  #log: InvocationLog | undefined;
  #cancelTimeout: (() => void) | undefined;
  #isSettled = false;
  #isStreamed = false;
  #releaseStream: (() => void) | undefined;

  constructor({ invocation, version, clock, isColdStart, fault }: FlightOptions) {
    this.invocation = invocation;
    this.fault = invocation.fault ?? fault;
    this.isColdStart = isColdStart;
    this.#version = version;
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<InvocationOutcome>();
    this.outcome = promise;
    this.#resolve = resolve;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** What the runtime gets; the deadline counts from the first reading. */
  get event(): RuntimeEvent {
    this.#event ??= this.#makeEvent();
    return this.#event;
  }

  /** Opens the log and starts the timeout. */
  begin(log: FunctionLog, onTimeout: () => void): void {
    const { requestId } = this.invocation;
    this.#startMs = this.#clock.monotonicMs();
    this.#cancelTimeout = this.#clock.after(this.#version.timeoutSec * 1000, onTimeout);
    const epochMs = this.#clock.epochMs();
    this.#log = log.open(...startLines(this.#version, { epochMs, requestId }));
  }

  /** Gives the caller the answer; the log goes on until {@link finish}. */
  settle({ payload, isFunctionError }: { payload: Uint8Array; isFunctionError: boolean }): void {
    invariant(!this.#isSettled, "an invocation ends once");
    this.#isSettled = true;
    this.#releaseStream?.();
    this.#resolve({
      payload,
      ...(this.#isStreamed && { isStreamed: true }),
      isFunctionError,
      isColdStart: this.isColdStart,
      durationMs: this.#durationMs(),
      logTail: this.#log?.tail ?? this.#tail.promise,
    });
  }

  /**
   * Begins to pass a streamed response on to whoever invoked.
   *
   * Nothing comes after the outcome. A caller that takes no more does not stop the function.
   *
   * @returns `undefined` where the caller wants the response in one piece.
   */
  stream(head: { readonly contentType: string }): StreamWriter | undefined {
    const sink = this.invocation.responseSink;
    if (sink === undefined) return undefined;
    this.#isStreamed = true;
    sink.start(head);
    let isOpen = true;
    return (bytes) => {
      if (this.#isSettled || !isOpen) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      // A caller that takes nothing must not keep an ended process from being cleared away.
      this.#releaseStream = resolve;
      sink.write(bytes).then(resolve, () => {
        // Whoever took the parts is gone, and has been told by its own end of the connection.
        isOpen = false;
        resolve();
      });
      return promise;
    };
  }

  /** Gives the caller what the runtime has answered. */
  answer(answer: RuntimeAnswer): void {
    switch (answer.kind) {
      case "response":
        return this.settle({ payload: answer.payload, isFunctionError: false });
      case "error":
        return this.settle({ payload: answer.payload, isFunctionError: true });
      case "streamed":
        return this.settle({ payload: new Uint8Array(), isFunctionError: false });
      case "too_large":
        return this.fail(RESPONSE_TOO_LARGE);
      case "stream_too_large":
        return this.fail(STREAM_TOO_LARGE);
      case "truncated":
        return this.fail(RESPONSE_TRUNCATED);
      case "invalid_response_mode":
        return this.fail(INVALID_RESPONSE_MODE);
    }
  }

  /** Gives the caller an error that AWS reports. */
  fail(failure: PlatformFailure): void {
    this.settle({ payload: failurePayload(failure), isFunctionError: true });
  }

  /** Gives the caller the end of a process as the answer. */
  failWithLoss(failure: PlatformFailure): void {
    this.failureLines = [failure.errorMessage, failure.errorType];
    this.status = { kind: "error", errorType: failure.errorType };
    this.fail(failure);
  }

  /** Tells the caller that the function has run for its whole time. */
  failWithTimeout(): void {
    const { requestId } = this.invocation;
    const { timeoutSec } = this.#version;
    const at = new Date(this.#clock.epochMs()).toISOString();
    const seconds = timeoutSec.toFixed(2);
    this.failureLines = [`${at} ${requestId} Task timed out after ${seconds} seconds`];
    this.status = { kind: "timeout" };
    this.fail(timeoutFailure(requestId, timeoutSec));
  }

  /** The function runs no more; what comes after belongs to the environment. */
  halt(): void {
    this.#cancelTimeout?.();
    this.#endMs ??= this.#clock.monotonicMs();
  }

  /** Ends the timeout and the log. */
  finish(report: { memoryMbMax: number; initDurationMs: number | undefined }): void {
    const { requestId } = this.invocation;
    this.#cancelTimeout?.();
    this.#tail.resolve(new Uint8Array());
    const lines = endLines(this.#version, {
      epochMs: this.#clock.epochMs(),
      failureLines: this.failureLines,
      report: {
        requestId,
        durationMs: this.#durationMs(),
        memoryMb: this.#version.memoryMb,
        memoryMbMax: report.memoryMbMax,
        initDurationMs: report.initDurationMs,
        status: this.status,
      },
    });
    this.#log?.close(lines);
  }

  /** A function that ran into its timeout has run for its timeout, not for what the timer was late. */
  #durationMs(): number {
    if (this.#startMs === undefined) return 0;
    const elapsedMs = (this.#endMs ?? this.#clock.monotonicMs()) - this.#startMs;
    return Math.min(elapsedMs, this.#version.timeoutSec * 1000);
  }

  #makeEvent(): RuntimeEvent {
    const { requestId, invokedArn, payload, contentType, clientContext, traceId } = this.invocation;
    const nowEpochMs = this.#clock.epochMs();
    return {
      requestId,
      invocationId: randomUUID(),
      invokedArn,
      payload,
      contentType,
      clientContext,
      deadlineEpochMs: Math.floor(nowEpochMs + this.#version.timeoutSec * 1000),
      traceId: traceId ?? unsampledTraceId(nowEpochMs),
      exitCode: exitCodeOf(this.fault),
    };
  }
}
