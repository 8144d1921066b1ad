import { ACCOUNT_ID } from "../lambda/names.ts";
import type { ReceivedMessage } from "./contract.ts";
import { md5OfAttributes, md5OfText } from "./digest.ts";
import type { QueuedMessage } from "./message.ts";
import { receiptHandle } from "./receipt-handle.ts";

/** A message as its consumer gets it, with everything that could be asked for. */
export function receivedMessage(queueName: string, queued: QueuedMessage): ReceivedMessage {
  const { message, receiveCount } = queued;
  return {
    messageId: message.id,
    receiptHandle: receiptHandle(queueName, { messageId: message.id, receiveCount }),
    body: message.body,
    md5OfBody: md5OfText(message.body),
    messageAttributes: message.attributes,
    md5OfMessageAttributes: md5OfAttributes(message.attributes),
    systemAttributes: systemAttributes(queued),
    groupId: message.groupId,
  };
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html, read 2026-11-24 */
function systemAttributes({ message, receiveCount, firstReceivedMs }: QueuedMessage) {
  const attributes: Record<string, string | undefined> = {
    ApproximateReceiveCount: String(receiveCount),
    AWSTraceHeader: message.traceHeader,
    SentTimestamp: String(message.sentMs),
    SequenceNumber: message.sequenceNumber,
    MessageGroupId: message.groupId,
    SenderId: ACCOUNT_ID,
    MessageDeduplicationId: message.deduplicationId,
    ApproximateFirstReceiveTimestamp: String(firstReceivedMs ?? message.sentMs),
    DeadLetterQueueSourceArn: message.deadLetterSourceArn,
  };
  const known = Object.entries(attributes).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(known);
}
