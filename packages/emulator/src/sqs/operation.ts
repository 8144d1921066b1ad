import type { AccountQueues } from "./account-queues.ts";
import type { Input } from "./input.ts";
import type { LiveQueue } from "./live-queue.ts";
import { SqsError, unknownQueue } from "./sqs-error.ts";
import { ACCOUNT_ID } from "../lambda/names.ts";

/** A call of one operation, whatever the protocol. */
export interface SqsCall {
  readonly input: Input;
  readonly queues: AccountQueues;
  /** Address that the caller has used: the URLs of queues start with it. */
  readonly baseUrl: string;
  /** The trace that the caller says it is part of. */
  readonly traceHeader: string | undefined;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal | undefined;
}

/** Answers a call with the members of its output; throws SqsError. */
export type SqsOperation = (call: SqsCall) => Output | Promise<Output>;

/** Members as the service model names them; undefined ones are left out. */
export type Output = Readonly<Record<string, unknown>>;

/**
 * The queue that `QueueUrl` names. Host and port do not count: they change between starts.
 *
 * @throws SqsError when there is none.
 */
export function calledQueue({ input, queues }: SqsCall): LiveQueue {
  const url = input.text("QueueUrl");
  const [, account, name] = /^(?:https?:\/\/[^/]+)?\/([^/]+)\/([^/]+)\/?$/.exec(url) ?? [];
  if (name === undefined) {
    throw new SqsError("InvalidAddress", `The address ${url} is not valid for this endpoint.`);
  }
  const queue = account === ACCOUNT_ID ? queues.findByName(name) : undefined;
  if (queue === undefined) throw unknownQueue();
  return queue;
}
