import { LAMBDA_LIMITS } from "@pilotlight/core";

import type { ReceivedMessage } from "../sqs/contract.ts";
import type { MappingSettings } from "./mapping-record.ts";
import { sqsRecord } from "./sqs-record.ts";

/** The most that SQS gives at once: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
const RECEIVED_MAX = 10;

/** The longest that SQS lets a receiver wait. */
const LONG_POLL_MS = 20_000;

const HEAD = '{"Records":[';
const TAIL = "]}";

/** A message with what the function gets of it. */
export interface BatchEntry {
  readonly message: ReceivedMessage;
  readonly recordText: string;
  readonly bytes: number;
  /** Service time at which others can see it again, by the monotonic clock. */
  readonly visibleAgainMs: number;
}

/** Messages on their way into one event. */
export interface Batch {
  readonly entries: readonly BatchEntry[];
  /** Of the event so far. */
  readonly bytes: number;
  /** When the window of the batch ends, by the monotonic clock. */
  readonly closesAtMs: number;
}

/** What a batch asks the queue for next. */
export interface NextReceive {
  readonly messagesMax: number;
  readonly waitMs: number;
}

/** A batch that has nothing in it yet; its window begins with its first message. */
export const EMPTY_BATCH: Batch = {
  entries: [],
  bytes: HEAD.length + TAIL.length,
  closesAtMs: Number.POSITIVE_INFINITY,
};

/** @param visibleAgainMs - See {@link BatchEntry}. */
export function batchEntry(
  message: ReceivedMessage,
  { queueArn, visibleAgainMs }: { queueArn: string; visibleAgainMs: number },
): BatchEntry {
  const recordText = JSON.stringify(sqsRecord(message, queueArn));
  return { message, recordText, bytes: Buffer.byteLength(recordText), visibleAgainMs };
}

/**
 * The batch with one message more, or `undefined` where the event would be larger than a function can be sent.
 *
 * A first message always fits: left out, it would never reach the function.
 */
export function withEntry(
  batch: Batch,
  entry: BatchEntry,
  { nowMs, windowSec }: { nowMs: number; windowSec: number },
): Batch | undefined {
  const isFirst = batch.entries.length === 0;
  const bytes = batch.bytes + entry.bytes + (isFirst ? 0 : 1);
  if (!isFirst && bytes > LAMBDA_LIMITS.invokeRequestBytesMax) return undefined;
  return {
    entries: [...batch.entries, entry],
    bytes,
    closesAtMs: isFirst ? nowMs + windowSec * 1_000 : batch.closesAtMs,
  };
}

/** What to ask the queue for, or `undefined` where the batch goes to the function as it is. */
export function nextReceive(
  { entries, closesAtMs }: Batch,
  { settings, nowMs }: { settings: MappingSettings; nowMs: number },
): NextReceive | undefined {
  const messagesMax = Math.min(RECEIVED_MAX, settings.batchSize - entries.length);
  if (entries.length === 0) return { messagesMax, waitMs: LONG_POLL_MS };
  const waitMs = Math.min(LONG_POLL_MS, closesAtMs - nowMs);
  return messagesMax > 0 && waitMs > 0 ? { messagesMax, waitMs } : undefined;
}

/** The event that the function gets. */
export function batchPayload({ entries }: Batch): Uint8Array {
  return Buffer.from(HEAD + entries.map(({ recordText }) => recordText).join(",") + TAIL);
}
