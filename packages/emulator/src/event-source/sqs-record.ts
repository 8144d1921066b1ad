import { REGION } from "../lambda/names.ts";
import type { MessageAttribute, ReceivedMessage } from "../sqs/contract.ts";

/**
 * One message as a function gets it in `Records`.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html read 2026-11-24
 */
export function sqsRecord(message: ReceivedMessage, queueArn: string): Record<string, unknown> {
  const { md5OfMessageAttributes } = message;
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: message.systemAttributes,
    messageAttributes: Object.fromEntries(
      Object.entries(message.messageAttributes).map(([name, value]) => [
        name,
        recordAttribute(value),
      ]),
    ),
    ...(md5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes }),
    md5OfBody: message.md5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: REGION,
  };
}

/** The lists are always there and always empty, as recorded on AWS 2025-11-25. */
function recordAttribute({
  dataType,
  stringValue,
  binaryValue,
}: MessageAttribute): Record<string, unknown> {
  return {
    ...(stringValue === undefined ? {} : { stringValue }),
    ...(binaryValue === undefined
      ? {}
      : { binaryValue: Buffer.from(binaryValue).toString("base64") }),
    stringListValues: [],
    binaryListValues: [],
    dataType,
  };
}
