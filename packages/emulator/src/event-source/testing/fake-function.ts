import type { CallResult, FunctionCall, FunctionCaller } from "../../function-caller.ts";

/** One record of the event of a queue's mapping, as far as the tests look at it. */
export interface EventRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A call that has no answer yet. */
export interface PendingCall {
  readonly records: readonly EventRecord[];
  readonly messageIds: readonly string[];
  readonly functionArn: string;
  answer(result: CallResult): void;
}

/** A function that a test answers for, call by call. */
export class FakeFunction implements FunctionCaller {
  /** Whether the function is there. */
  isThere = true;
  /** Calls without an answer, oldest first. */
  readonly pending: PendingCall[] = [];
  /** All calls so far. */
  readonly calls: PendingCall[] = [];
  /** Answers at once where it is set. */
  respond: ((records: readonly EventRecord[]) => CallResult) | undefined;

  exists(): boolean {
    return this.isThere;
  }

  call({ payload, functionArn }: FunctionCall): Promise<CallResult> {
    const event = JSON.parse(Buffer.from(payload).toString()) as { Records: EventRecord[] };
    const records = event.Records;
    const { promise, resolve } = Promise.withResolvers<CallResult>();
    const call: PendingCall = {
      records,
      messageIds: records.map(({ messageId }) => messageId),
      functionArn,
      answer: (result) => {
        this.pending.splice(this.pending.indexOf(call), 1);
        resolve(result);
      },
    };
    this.calls.push(call);
    this.pending.push(call);
    if (this.respond !== undefined) call.answer(this.respond(records));
    return promise;
  }

  send(): boolean {
    return false;
  }
}

export const THROTTLED: CallResult = {
  kind: "throttled",
  reason: "ConcurrentInvocationLimitExceeded",
};

/** The answer of a function that returns `value`, or that fails. */
export function answered(value: unknown, { isFunctionError = false } = {}): CallResult {
  return {
    kind: "answered",
    version: "$LATEST",
    outcome: {
      payload: Buffer.from(JSON.stringify(value ?? null)),
      isFunctionError,
      isColdStart: false,
      durationMs: 1,
      logTail: Promise.resolve(Buffer.from("")),
    },
  };
}

export const SUCCEEDED = answered(null);
export const FAILED = answered({ errorMessage: "no" }, { isFunctionError: true });
