import type { Receipt } from "./queue.ts";

/** As handles of AWS start, so that nobody takes one for a message id. */
const PREFIX = "AQEB";

const SEPARATOR = "\n";

/** The handle of one receive of one message; it is valid after a restart too. */
export function receiptHandle(queueName: string, { messageId, receiveCount }: Receipt): string {
  const text = [queueName, messageId, receiveCount].join(SEPARATOR);
  return PREFIX + Buffer.from(text).toString("base64");
}

/** Reads a handle. @returns `undefined` where it is none. */
export function readHandle(
  handle: string,
): { readonly queueName: string; readonly receipt: Receipt } | undefined {
  if (!handle.startsWith(PREFIX)) return undefined;
  const text = Buffer.from(handle.slice(PREFIX.length), "base64").toString();
  const [queueName = "", messageId, count] = text.split(SEPARATOR);
  if (messageId === undefined || !/^\d+$/.test(count ?? "")) return undefined;
  return { queueName, receipt: { messageId, receiveCount: Number(count) } };
}

/** Reads a handle of the queue. @returns `undefined` where it is none. */
export function receiptOf(queueName: string, handle: string): Receipt | undefined {
  const read = readHandle(handle);
  return read?.queueName === queueName ? read.receipt : undefined;
}
