import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

import type { Timers } from "@pilotlight/core";

import { enumFailures } from "./constraint-failures.ts";
import type { InvocationOutcome, ResponseSink } from "../environment/contract.ts";
import type { Deliveries } from "../delivery.ts";
import { unsampledTraceId } from "../environment/names.ts";
import type { CallResult, FunctionCall, FunctionCaller } from "../function-caller.ts";
import type { FaultSource } from "../faults/contract.ts";
import type { Reply } from "../http/reply.ts";
import {
  AwsError,
  invalidParameter,
  invalidRequestContent,
  serviceFailed,
  serviceUnavailable,
  tooManyRequests,
  validationFailed,
} from "./aws-error.ts";
import { AsynchronousInvocations } from "./asynchronous/asynchronous-invocations.ts";
import type { EventAttempt, OfferedEvent } from "./asynchronous/event.ts";
import type { EventInvokeConfigs } from "./asynchronous/event-invoke-config.ts";
import { refusedAttempt } from "./asynchronous/event-refusal.ts";
import type { FunctionStore, InvocationTarget } from "./function-store.ts";
import { type FunctionReference, parseFunctionReference } from "./names.ts";
import { checkedPayload, checkPayloadSize } from "./payload.ts";
import type { EnvironmentPool, PoolRefusal } from "./pool.ts";

/** Longest X-Amz-Client-Context, decoded: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const CLIENT_CONTEXT_BYTES_MAX = 3_583;

const LOG_TYPES = ["None", "Tail"] as const;
const INVOCATION_TYPES = ["Event", "RequestResponse", "DryRun"] as const;
type InvocationType = (typeof INVOCATION_TYPES)[number];

/** One call of the Invoke operation. */
export interface InvokeRequest {
  readonly reference: FunctionReference;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** What one invocation brings with it. */
interface InvocationParts {
  readonly requestId: string;
  readonly payload: Uint8Array;
  readonly contentType?: string | undefined;
  readonly traceId?: string | undefined;
  readonly clientContext?: string | undefined;
  readonly responseSink?: ResponseSink | undefined;
}

/** An event as it comes over HTTP, where it may have no trace id. */
type OfferedInvocation = Omit<OfferedEvent, "traceId"> & { readonly traceId: string | undefined };

interface InvokerOptions {
  readonly store: FunctionStore;
  readonly pool: EnvironmentPool;
  readonly configs: EventInvokeConfigs;
  readonly deliveries: Deliveries;
  /** Service time. */
  readonly clock: Timers;
  readonly stateDirectory: string;
  readonly faults: FaultSource;
  /** Told of asynchronous events that were dropped, and of records that were refused. */
  readonly tell: (error: unknown) => void;
}

/** Why an invocation was not run: the pool's reason, or Lambda's own failure, which only a fault brings about. */
export type InvokeRefusal = PoolRefusal | "service_error";

/** As AWS words it, https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, read 2026-11-24. */
const SERVICE_ERROR_TEXT = "The Lambda service encountered an internal error.";

/** Invocations of every kind: synchronous ones, asynchronous ones with their queue, and dry runs. */
export class Invoker implements FunctionCaller {
  readonly #store: FunctionStore;
  readonly #pool: EnvironmentPool;
  readonly #clock: Timers;
  readonly #faults: FaultSource;
  readonly #events: AsynchronousInvocations;

  /** @throws PilotlightError ERR_STATE_BROKEN when the events of the last emulator cannot be read. */
  constructor({ pool, ...options }: InvokerOptions) {
    this.#store = options.store;
    this.#pool = pool;
    this.#clock = options.clock;
    this.#faults = options.faults;
    this.#events = new AsynchronousInvocations({
      ...options,
      run: (event) => this.#attempt(event),
    });
  }

  /** Goes on with the asynchronous events that the last emulator left, when their records can be delivered. */
  startEvents(): void {
    this.#events.start();
  }

  /** Starts no further attempt at any asynchronous event. */
  stopEvents(): void {
    this.#events.stop();
  }

  /** @returns How many asynchronous events are kept for the next start. */
  closeEvents(): number {
    return this.#events.close();
  }

  /**
   * Answers an Invoke as Lambda does.
   *
   * @throws AwsError for whatever is not the function's own error.
   */
  async invoke({ reference, headers, body }: InvokeRequest): Promise<Reply> {
    const type = invocationType(headers);
    checkPayloadSize(body.byteLength, { isEvent: type === "Event" });
    const target = this.#store.target(reference);
    const payload = checkedPayload(body);
    const requestId = randomUUID();
    const contentType = headers["content-type"];
    const traceId = single(headers["x-amzn-trace-id"]);
    if (type === "DryRun")
      return { statusCode: 204, headers: { "x-amzn-RequestId": requestId }, body: "" };
    const event = { requestId, payload, contentType, traceId };
    if (type === "Event") return this.#enqueue({ ...event, reference });

    const clientContext = decodedClientContext(single(headers["x-amz-client-context"]));
    const outcome = await this.answered(target, { ...event, clientContext });
    const logTail = headers["x-amz-log-type"] === "Tail" ? await outcome.logTail : undefined;
    return {
      statusCode: 200,
      headers: answerHeaders(outcome, { requestId, version: target.record.version, logTail }),
      body: outcome.payload,
    };
  }

  exists(functionArn: string): boolean {
    try {
      return this.#store.findTarget(referenceOf(functionArn)) !== undefined;
    } catch (error) {
      // A name that is malformed, or lies in another region, is that of no function here.
      if (error instanceof AwsError) return false;
      throw error;
    }
  }

  async call({ functionArn, requestId, ...call }: FunctionCall): Promise<CallResult> {
    const target = this.#store.findTarget(referenceOf(functionArn));
    if (target === undefined) return { kind: "unknown_function" };
    const outcome = await this.run(target, { ...call, requestId: requestId ?? randomUUID() });
    if (outcome === "stopping") return { kind: "stopping" };
    if (outcome === "service_error") return { kind: "failed", message: SERVICE_ERROR_TEXT };
    return typeof outcome === "string"
      ? { kind: "throttled", reason: outcome }
      : { kind: "answered", outcome, version: target.record.version };
  }

  send({ functionArn, requestId, payload, traceId }: FunctionCall): boolean {
    return this.#events.accept({
      requestId: requestId ?? randomUUID(),
      reference: referenceOf(functionArn),
      payload,
      contentType: undefined,
      traceId: traceId ?? unsampledTraceId(this.#clock.epochMs()),
    });
  }

  /** As {@link Invoker.run}. @throws AwsError where the invocation is refused. */
  async answered(target: InvocationTarget, event: InvocationParts): Promise<InvocationOutcome> {
    const outcome = await this.run(target, event);
    if (typeof outcome === "string") throw refusalError(outcome);
    return outcome;
  }

  /** Runs one invocation without the HTTP around it. */
  async run(
    target: InvocationTarget,
    { requestId, payload, contentType, traceId, clientContext, responseSink }: InvocationParts,
  ): Promise<InvocationOutcome | InvokeRefusal> {
    const { running } = target.record;
    const fault = this.#faults.take("invoke", { functionName: running.functionName });
    if (fault?.kind === "throttle") return "ConcurrentInvocationLimitExceeded";
    if (fault?.kind === "invoke-error") return "service_error";
    return this.#pool.invoke(running, {
      requestId,
      invokedArn: target.invokedArn,
      payload,
      ...(contentType === undefined ? {} : { contentType }),
      ...(clientContext === undefined ? {} : { clientContext }),
      ...(traceId === undefined ? {} : { traceId }),
      ...(responseSink === undefined ? {} : { responseSink }),
      ...(fault === undefined ? {} : { fault }),
    });
  }

  #enqueue({ traceId, ...event }: OfferedInvocation): Reply {
    const own = traceId ?? unsampledTraceId(this.#clock.epochMs());
    if (!this.#events.accept({ ...event, traceId: own })) {
      throw serviceUnavailable(
        `The emulator's queue of asynchronous events is full or stopped; ${this.#events.pending} events are not finished. Wait until some are, or invoke synchronously.`,
      );
    }
    return { statusCode: 202, headers: { "x-amzn-RequestId": event.requestId }, body: "" };
  }

  async #attempt(event: OfferedEvent): Promise<EventAttempt> {
    const target = this.#store.findTarget(event.reference);
    if (target === undefined) return { kind: "unknown_function" };
    const outcome = await this.run(target, event);
    if (outcome === "service_error") return { kind: "system_error", message: SERVICE_ERROR_TEXT };
    if (typeof outcome === "string") {
      const isReservedZero = this.#pool.isBlocked(event.reference.name);
      return refusedAttempt(outcome, { isReservedZero });
    }
    const answer = { payload: outcome.payload, version: target.record.version };
    return { kind: outcome.isFunctionError ? "failed" : "succeeded", answer };
  }
}

function referenceOf(functionArn: string): FunctionReference {
  return parseFunctionReference({ functionName: functionArn, operation: "Invoke" });
}

/** What a caller of the Invoke API sees of a refusal. */
function refusalError(refusal: InvokeRefusal): AwsError {
  if (refusal === "service_error") return serviceFailed(SERVICE_ERROR_TEXT);
  return refusal === "stopping"
    ? serviceUnavailable("The emulator is stopping and takes no new invocations.")
    : tooManyRequests(refusal);
}

function answerHeaders(
  outcome: InvocationOutcome,
  {
    requestId,
    version,
    logTail,
  }: { requestId: string; version: string; logTail: Uint8Array | undefined },
): Record<string, string> {
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    "x-amzn-RequestId": requestId,
    "X-Amz-Executed-Version": version,
  };
  // Every recording of a Node.js function has this value, also for errors that the handler throws.
  if (outcome.isFunctionError) headers["X-Amz-Function-Error"] = "Unhandled";
  if (logTail !== undefined) headers["X-Amz-Log-Result"] = Buffer.from(logTail).toString("base64");
  return headers;
}

/** @throws AwsError 400 for an invocation type or a log type that AWS does not have. */
function invocationType(headers: IncomingHttpHeaders): InvocationType {
  const type = single(headers["x-amz-invocation-type"]) ?? "RequestResponse";
  const known = INVOCATION_TYPES.find((one) => one === type);
  const failures = [
    ...enumFailures("invocationType", type, INVOCATION_TYPES),
    ...enumFailures("logType", single(headers["x-amz-log-type"]), LOG_TYPES),
  ];
  if (known === undefined || failures.length > 0) throw validationFailed(failures);
  return known;
}

/** The header X-Amz-Client-Context, decoded. @throws AwsError 400 unless it is JSON of a size that is accepted. */
export function decodedClientContext(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = Buffer.from(header, "base64").toString("utf8");
  if (Buffer.byteLength(text) > CLIENT_CONTEXT_BYTES_MAX) {
    throw invalidParameter(
      `Client context must be at most ${CLIENT_CONTEXT_BYTES_MAX} bytes; got ${Buffer.byteLength(text)}`,
    );
  }
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw invalidRequestContent("Client context must be a valid Base64-encoded JSON object.");
  }
}

/** The value of a header that must not come twice. */
export function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
