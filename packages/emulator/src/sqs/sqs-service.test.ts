import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, test } from "vitest";

import { queueArn } from "./account-queues.ts";
import { startQueueServer, stopQueueServers } from "./testing/queue-server.ts";
import { clientSettings } from "./testing/sqs-call.ts";

afterEach(stopQueueServers);

async function start() {
  const server = await startQueueServer();
  const client = new SQSClient(clientSettings(server.url));
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: "jobs" }));
  return { ...server, client, QueueUrl };
}

describe("sqsService", () => {
  test("sends, receives and deletes a message", async () => {
    const { client, QueueUrl, url } = await start();
    expect(QueueUrl).toBe(`${url}/000000000000/jobs`);
    const sent = await client.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: "hello",
        MessageAttributes: {
          kind: { DataType: "String", StringValue: "greeting" },
          raw: { DataType: "Binary", BinaryValue: Buffer.from([1, 2, 3]) },
        },
      }),
    );
    const { Messages } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["All"],
      }),
    );
    expect(Messages).toEqual([
      expect.objectContaining({
        MessageId: sent.MessageId,
        Body: "hello",
        MD5OfBody: "5d41402abc4b2a76b9719d911017c592",
        MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
        MessageAttributes: {
          kind: { DataType: "String", StringValue: "greeting" },
          raw: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2, 3]) },
        },
        Attributes: expect.objectContaining({ ApproximateReceiveCount: "1" }),
      }),
    ]);
    const ReceiptHandle = Messages?.[0]?.ReceiptHandle;
    await client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
    );
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
    );
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
    });
  });

  test("keeps the trace of a request with its message, unless the message names one", async () => {
    const { client, QueueUrl, queues } = await start();
    client.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers["X-Amzn-Trace-Id"] = "Root=1-00000001";
        return next(args);
      },
      { step: "build" },
    );
    const AWSTraceHeader = { DataType: "String", StringValue: "Root=1-00000002" } as const;
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "one" }));
    await client.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: "two",
        MessageSystemAttributes: { AWSTraceHeader },
      }),
    );
    const messages = await queues.receive(queueArn("jobs"), { messagesMax: 2, waitMs: 0 });
    expect(messages.map(({ systemAttributes }) => systemAttributes["AWSTraceHeader"])).toEqual([
      "Root=1-00000001",
      "Root=1-00000002",
    ]);
  });

  test("refuses an operation that SQS does not have", async () => {
    const { url } = await start();
    const reply = await fetch(url, {
      method: "POST",
      headers: { "X-Amz-Target": "AmazonSQS.Fly" },
      body: "{}",
    });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      __type: "com.amazon.coral.service#UnknownOperationException",
    });
  });
});
