import type { MessageAttribute } from "./contract.ts";

/** What a producer has sent and a consumer will read; it never changes. */
export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly traceHeader?: string | undefined;
  /** When it was sent first, epoch milliseconds. */
  readonly sentMs: number;
  /** When it came into this queue: retention counts from here. */
  readonly enqueuedMs: number;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
  readonly sequenceNumber?: string | undefined;
  /** ARN of the queue that has given it up. */
  readonly deadLetterSourceArn?: string | undefined;
}

/** A message and how far it has come in its queue: all that must survive a restart. */
export interface QueuedMessage {
  readonly message: Message;
  /** Its place among the messages of the queue: 1, 2, … in the order of arrival. */
  readonly order: number;
  readonly receiveCount: number;
  /** How many of the receives were those of the queue that has given it up. @default 0 */
  readonly carriedReceiveCount?: number | undefined;
  readonly firstReceivedMs?: number | undefined;
  /** When it was received last; with it begin the twelve hours that it may stay hidden. */
  readonly lastReceivedMs?: number | undefined;
  /** When it can be received (again), epoch milliseconds. */
  readonly visibleAtMs: number;
  /** Whether it is hidden because a consumer has it, and not because it is delayed. */
  readonly isInFlight: boolean;
}

/** What a message costs beside its texts, bytes: a rough figure, so that small messages are bounded too. */
const OVERHEAD_BYTES = 512;

/**
 * The size that counts against the limits of message and batch: body, and name, type and value of each attribute.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html, read 2026-11-24
 */
export function messageBytes({
  body,
  attributes = {},
}: {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>> | undefined;
}): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, { dataType, stringValue = "", binaryValue }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(dataType);
    bytes += binaryValue?.byteLength ?? Buffer.byteLength(stringValue);
  }
  return bytes;
}

/** What the message takes of the emulator's memory, about. */
export function storedBytes(message: Message): number {
  return messageBytes(message) + OVERHEAD_BYTES;
}
