import type { MessageAttribute, OutgoingMessage, ReceivedMessage } from "./contract.ts";
import { md5OfAttributes, md5OfText } from "./digest.ts";
import type { Input } from "./input.ts";
import type { LiveQueue } from "./live-queue.ts";
import { calledQueue, type Output, type SqsCall } from "./operation.ts";
import { unknownAttribute } from "./queue-attributes.ts";
import type { Receipt } from "./queue.ts";
import { readHandle } from "./receipt-handle.ts";
import { receivedMessage } from "./received-message.ts";
import { invalidParameterValue, SqsError } from "./sqs-error.ts";

const MESSAGES_MAX = 10;
const WAIT_SEC_MAX = 20;
const VISIBILITY_SEC_MAX = 43_200;

const SYSTEM_ATTRIBUTES: ReadonlySet<string> = new Set([
  "All",
  "SenderId",
  "SentTimestamp",
  "ApproximateReceiveCount",
  "ApproximateFirstReceiveTimestamp",
  "SequenceNumber",
  "MessageDeduplicationId",
  "MessageGroupId",
  "AWSTraceHeader",
  "DeadLetterQueueSourceArn",
]);

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html, read 2026-11-24 */
export function sendMessage(call: SqsCall): Output {
  return sentTo(calledQueue(call), call);
}

/** Sends the message that `input` has, which is a request or an entry of a batch. */
export function sentTo(
  queue: LiveQueue,
  { input, queues, traceHeader }: Pick<SqsCall, "input" | "queues" | "traceHeader">,
): Output {
  const outgoing = outgoingMessage(input);
  const { messageId, sequenceNumber } = queues.accept(queue, traced(outgoing, traceHeader));
  return {
    MessageId: messageId,
    MD5OfMessageBody: md5OfText(outgoing.body),
    MD5OfMessageAttributes: md5OfAttributes(outgoing.attributes ?? {}),
    MD5OfMessageSystemAttributes: md5OfAttributes(outgoing.systemAttributes ?? {}),
    SequenceNumber: sequenceNumber,
  };
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html, read 2026-11-24 */
export async function receiveMessage(call: SqsCall): Promise<Output> {
  const queue = calledQueue(call);
  const { input } = call;
  const messagesMax = input.optionalInteger("MaxNumberOfMessages") ?? 1;
  if (messagesMax < 1 || messagesMax > MESSAGES_MAX) {
    const reason = "Must be between 1 and 10, if provided.";
    throw invalidParameterValue("MaxNumberOfMessages", { value: messagesMax, reason });
  }
  const waitSec = input.optionalInteger("WaitTimeSeconds");
  if (waitSec !== undefined && (waitSec < 0 || waitSec > WAIT_SEC_MAX)) {
    const reason = "Must be >= 0 and <= 20, if provided.";
    throw invalidParameterValue("WaitTimeSeconds", { value: waitSec, reason });
  }
  const visibilitySec = input.optionalInteger("VisibilityTimeout");
  if (visibilitySec !== undefined) checkVisibility(visibilitySec);
  const systemNames = [
    ...input.texts("AttributeNames"),
    ...input.texts("MessageSystemAttributeNames"),
  ];
  for (const name of systemNames) if (!SYSTEM_ATTRIBUTES.has(name)) throw unknownAttribute(name);
  const waitMs = waitSec === undefined ? queue.settings.waitMs : waitSec * 1000;
  if (waitMs === 0 && !queue.settings.isFifo && queue.isInFlightFull) throw overInFlight();
  const received = await queue.receiveWithin({
    messagesMax,
    waitMs,
    signal: call.signal,
    visibilityMs: visibilitySec === undefined ? undefined : visibilitySec * 1000,
  });
  if (received.length === 0) return {};
  const wanted = { systemNames, attributeNames: input.texts("MessageAttributeNames") };
  return {
    Messages: received.map((queued) => wireMessage(receivedMessage(queue.name, queued), wanted)),
  };
}

export function deleteMessage(call: SqsCall): Output {
  return deletedFrom(calledQueue(call), call.input);
}

/** Deletes the message whose receipt handle `input` has. */
export function deletedFrom(queue: LiveQueue, input: Input): Output {
  const handle = input.text("ReceiptHandle");
  const outcome = queue.delete(receipt(queue, handle));
  const isRefused = outcome === "expired" || (outcome === "superseded" && queue.settings.isFifo);
  if (isRefused) throw expiredHandle(handle);
  return {};
}

export function changeMessageVisibility(call: SqsCall): Output {
  return visibilityChangedIn(calledQueue(call), call.input);
}

/**
 * Changes the visibility timeout of the message whose receipt handle `input` has. A message whose timeout has ended
 * already stays visible, as recorded on AWS; in a FIFO queue its receipt handle has expired.
 */
export function visibilityChangedIn(queue: LiveQueue, input: Input): Output {
  const handle = input.text("ReceiptHandle");
  const visibilitySec = input.integer("VisibilityTimeout");
  const read = receipt(queue, handle);
  if (visibilitySec < 0 || visibilitySec > VISIBILITY_SEC_MAX) {
    const reason = "Must be between 0 and 43200, if provided.";
    throw invalidParameterValue("VisibilityTimeout", { value: visibilitySec, reason });
  }
  const outcome = queue.hide(read, visibilitySec * 1000);
  if (queue.settings.isFifo && (outcome === "not_in_flight" || outcome === "superseded")) {
    throw expiredHandle(handle);
  }
  if (outcome === "unknown") {
    const reason = "Message does not exist or is not available for visibility timeout change.";
    throw invalidParameterValue("ReceiptHandle", { value: handle, reason });
  }
  if (outcome === "beyond_limit") {
    const reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
    throw invalidParameterValue("VisibilityTimeout", { value: visibilitySec, reason });
  }
  return {};
}

/** A message that names no trace is part of its caller's. */
function traced(outgoing: OutgoingMessage, traceHeader: string | undefined): OutgoingMessage {
  if (traceHeader === undefined || traceHeader === "") return outgoing;
  const AWSTraceHeader = { dataType: "String", stringValue: traceHeader };
  return { ...outgoing, systemAttributes: { AWSTraceHeader, ...outgoing.systemAttributes } };
}

function expiredHandle(handle: string): SqsError {
  const reason = "The receipt handle has expired.";
  return invalidParameterValue("ReceiptHandle", { value: handle, reason });
}

/** What a message says of its place in a FIFO queue. */
export function fifoParameters(
  input: Input,
): Record<"groupId" | "deduplicationId", string | undefined> {
  return {
    groupId: input.optionalText("MessageGroupId"),
    deduplicationId: input.optionalText("MessageDeduplicationId"),
  };
}

function outgoingMessage(input: Input): OutgoingMessage {
  const delaySec = input.optionalInteger("DelaySeconds");
  const { groupId, deduplicationId } = fifoParameters(input);
  return {
    body: input.text("MessageBody"),
    attributes: input.attributes("MessageAttributes"),
    systemAttributes: input.attributes("MessageSystemAttributes"),
    ...(delaySec !== undefined && { delaySec }),
    ...(groupId !== undefined && { groupId }),
    ...(deduplicationId !== undefined && { deduplicationId }),
  };
}

/** @see https://github.com/aws/aws-sdk-java-v2/issues/3101 for AWS's text for a handle of another queue */
function receipt(queue: LiveQueue, handle: string): Receipt {
  const read = readHandle(handle);
  if (read?.queueName === queue.name) return read.receipt;
  const text =
    read === undefined
      ? `The input receipt handle "${handle}" is not a valid receipt handle.`
      : `The receipt handle "${handle}" is not valid for this queue.`;
  throw new SqsError("ReceiptHandleIsInvalid", text);
}

function checkVisibility(value: number): void {
  if (value >= 0 && value <= VISIBILITY_SEC_MAX) return;
  const reason = "Must be >= 0 and <= 43200, if provided.";
  throw invalidParameterValue("VisibilityTimeout", { value, reason });
}

function overInFlight(): SqsError {
  return new SqsError(
    "OverLimit",
    "Too many messages in flight: the queue has about 120000 messages that were received and not deleted.",
  );
}

function wireMessage(
  message: ReceivedMessage,
  wanted: { readonly systemNames: readonly string[]; readonly attributeNames: readonly string[] },
): Output {
  const system = Object.entries(message.systemAttributes).filter(
    ([name]) => wanted.systemNames.includes("All") || wanted.systemNames.includes(name),
  );
  const attributes = Object.fromEntries(
    Object.entries(message.messageAttributes).filter(([name]) =>
      isWanted(name, wanted.attributeNames),
    ),
  );
  const hasAttributes = Object.keys(attributes).length > 0;
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: message.md5OfBody,
    Body: message.body,
    Attributes: system.length === 0 ? undefined : Object.fromEntries(system),
    // The digest is that of what is returned: clients check it.
    MD5OfMessageAttributes: hasAttributes ? md5OfAttributes(attributes) : undefined,
    MessageAttributes: hasAttributes ? mapped(attributes) : undefined,
  };
}

/**
 * A name, a prefix as `prefix.*`, or everything as `All` or `.*`.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html, read 2026-11-24
 */
function isWanted(name: string, wanted: readonly string[]): boolean {
  return wanted.some((one) => {
    if (one === "All" || one === ".*") return true;
    return one.endsWith(".*") ? name.startsWith(one.slice(0, -2)) : name === one;
  });
}

function mapped(attributes: Readonly<Record<string, MessageAttribute>>): Output {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, binaryValue }]) => {
      const base64 = binaryValue && Buffer.from(binaryValue).toString("base64");
      return [name, { StringValue: stringValue, BinaryValue: base64, DataType: dataType }];
    }),
  );
}
