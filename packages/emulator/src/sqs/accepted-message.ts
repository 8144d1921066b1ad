import { createHash, randomUUID } from "node:crypto";

import type { MessageAttribute } from "./contract.ts";
import type { Message } from "./message.ts";

/** AWS has twenty digits that grow. */
const FIRST_SEQUENCE_NUMBER = 18_850_000_000_000_000_000n;

/** A message that has passed every check. */
export interface AcceptedMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly traceHeader?: string | undefined;
  /** @default the queue's own delay */
  readonly delayMs?: number | undefined;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
}

/** The message as it comes into its queue at `nowMs`, the `order`-th of all. */
export function newMessage(
  accepted: AcceptedMessage,
  { order, nowMs, isFifo }: { order: number; nowMs: number; isFifo: boolean },
): Message {
  return {
    id: randomUUID(),
    body: accepted.body,
    attributes: accepted.attributes,
    traceHeader: accepted.traceHeader,
    sentMs: nowMs,
    enqueuedMs: nowMs,
    groupId: accepted.groupId,
    deduplicationId: isFifo ? deduplicationIdOf(accepted) : undefined,
    sequenceNumber: isFifo ? sequenceNumber(order) : undefined,
  };
}

/** The id that the message has in a FIFO queue: the producer's, or a digest of the body. */
export function deduplicationIdOf({ deduplicationId, body }: AcceptedMessage): string {
  return deduplicationId ?? createHash("sha256").update(body).digest("hex");
}

export function sequenceNumber(order: number): string {
  return String(FIRST_SEQUENCE_NUMBER + 256n * BigInt(order));
}
