import { expect, test } from "vitest";

import { sqsRecord } from "./sqs-record.ts";

test("a record has the members that AWS sends, the binary value as base64", () => {
  const record = sqsRecord(
    {
      messageId: "id",
      receiptHandle: "handle",
      body: "text",
      md5OfBody: "digest",
      messageAttributes: {
        title: { dataType: "String", stringValue: "a" },
        blob: { dataType: "Binary", binaryValue: Buffer.from("1100") },
      },
      md5OfMessageAttributes: "attributes digest",
      systemAttributes: { ApproximateReceiveCount: "1" },
      groupId: undefined,
    },
    "arn:aws:sqs:us-east-1:000000000000:queue",
  );
  expect(record).toEqual({
    messageId: "id",
    receiptHandle: "handle",
    body: "text",
    attributes: { ApproximateReceiveCount: "1" },
    messageAttributes: {
      title: { stringValue: "a", stringListValues: [], binaryListValues: [], dataType: "String" },
      // "1100" in base64, as in the service's own examples.
      blob: {
        binaryValue: "MTEwMA==",
        stringListValues: [],
        binaryListValues: [],
        dataType: "Binary",
      },
    },
    md5OfMessageAttributes: "attributes digest",
    md5OfBody: "digest",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:queue",
    awsRegion: "us-east-1",
  });
});
