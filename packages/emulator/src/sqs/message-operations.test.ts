import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, test } from "vitest";

import { startQueueServer, stopQueueServers } from "./testing/queue-server.ts";
import { clientSettings, refusal } from "./testing/sqs-call.ts";

afterEach(stopQueueServers);

async function start(Attributes: Record<string, string> = {}) {
  const server = await startQueueServer();
  const client = new SQSClient(clientSettings(server.url));
  const create = async (name: string, attributes: Record<string, string>) => {
    const isFifo = attributes["FifoQueue"] === "true";
    const QueueName = isFifo ? `${name}.fifo` : name;
    const command = new CreateQueueCommand({ QueueName, Attributes: attributes });
    return (await client.send(command)).QueueUrl ?? "";
  };
  const QueueUrl = await create("jobs", Attributes);
  const send = (MessageBody: string, more: Partial<SendMessageCommandInput> = {}) =>
    client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
  const receive = async (more: Partial<ReceiveMessageCommandInput> = {}) => {
    const MaxNumberOfMessages = 10;
    const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages, ...more });
    return (await client.send(command)).Messages ?? [];
  };
  return { ...server, client, create, QueueUrl, send, receive };
}

const FIFO = { FifoQueue: "true", ContentBasedDeduplication: "true" };
const text = (StringValue: string, DataType = "String") => ({ DataType, StringValue });

describe("SendMessage", () => {
  test.each<{ what: string; body?: string; more?: Partial<SendMessageCommandInput>; text: string }>(
    [
      {
        what: "no body",
        body: "",
        text: "The request must contain the parameter MessageBody.",
      },
      {
        what: "a character that XML does not have",
        body: "hello\u001f",
        text: "Invalid binary character '#x1F' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
      },
      {
        what: "a delay beyond 15 minutes",
        more: { DelaySeconds: 901 },
        text: "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
      },
      {
        what: "a deduplication id on a standard queue",
        more: { MessageDeduplicationId: "one" },
        text: "Value one for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.",
      },
      {
        what: "eleven attributes",
        more: {
          MessageAttributes: Object.fromEntries(
            Array.from({ length: 11 }, (_, index) => [`name-${index}`, text("value")]),
          ),
        },
        text: "Number of message attributes [11] exceeds the allowed maximum [10].",
      },
      {
        what: "an attribute of an unknown type",
        more: { MessageAttributes: { kind: text("value", "Text") } },
        text: "The type of message (user) attribute 'kind' is invalid. You must use only the following supported type prefixes: Binary, Number, String.",
      },
      {
        what: "an empty attribute",
        more: { MessageAttributes: { kind: text("") } },
        text: "Message (user) attribute 'kind' must contain a non-empty value of type 'String'.",
      },
      {
        what: "an empty attribute of bytes",
        more: { MessageAttributes: { kind: { DataType: "Binary.gif" } } },
        text: "Message (user) attribute 'kind' must contain a non-empty value of type 'Binary'.",
      },
      {
        what: "an attribute with a character that XML does not have",
        more: { MessageAttributes: { kind: text("\ufffe") } },
        text: "Invalid binary character '#xFFFE' was found in the message attribute 'kind' value, the set of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
      },
      {
        what: "a long number that ends as none, at once",
        more: { MessageAttributes: { size: text(`${"1".repeat(200_000)}x`, "Number") } },
        text: "Can't cast the value of message (user) attribute 'size' to a number.",
      },
      {
        what: "a number that is none",
        more: { MessageAttributes: { size: text("large", "Number") } },
        text: "Can't cast the value of message (user) attribute 'size' to a number.",
      },
    ],
  )("refuses $what", async ({ body = "hello", more = {}, text: expected }) => {
    const { send } = await start();
    expect((await refusal(send(body, more))).message).toBe(expected);
  });

  test("takes a message of exactly 1 MiB with its attributes, and no byte more", async () => {
    const { send } = await start();
    // Name, type and value of the attribute: 1 + 6 + 93 bytes.
    const MessageAttributes = { k: text("x".repeat(93)) };
    const body = "é".repeat((1_048_576 - 100) / 2);
    await send(body, { MessageAttributes });
    expect(await refusal(send(`${body}a`, { MessageAttributes }))).toEqual({
      name: "InvalidParameterValue",
      code: "InvalidParameterValue",
      message:
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
    });
  });

  test("to a FIFO queue needs a group, counts its messages and drops a duplicate for five minutes", async () => {
    const { send, receive, clock } = await start(FIFO);
    expect(await refusal(send("hello"))).toEqual({
      name: "MissingParameter",
      code: "MissingParameter",
      message: "The request must contain the parameter MessageGroupId.",
    });
    expect(
      (await refusal(send("hello", { MessageGroupId: "g", DelaySeconds: 1 }))).message,
    ).toContain("not valid for this queue type");
    const first = await send("hello", { MessageGroupId: "g" });
    const same = await send("hello", { MessageGroupId: "g" });
    expect(same).toMatchObject({
      MessageId: first.MessageId,
      SequenceNumber: first.SequenceNumber,
    });
    clock.advanceMs(299_999);
    expect((await send("hello", { MessageGroupId: "g" })).MessageId).toBe(first.MessageId);
    clock.advanceMs(1);
    const later = await send("hello", { MessageGroupId: "g" });
    expect(first.SequenceNumber).toMatch(/^\d{20}$/);
    expect(BigInt(later.SequenceNumber ?? 0)).toBeGreaterThan(BigInt(first.SequenceNumber ?? 0));
    expect((await receive()).map(({ Body }) => Body)).toEqual(["hello", "hello"]);
  });

  test("knows duplicates per group where the queue says so", async () => {
    const { send, receive } = await start({ ...FIFO, DeduplicationScope: "messageGroup" });
    for (const MessageGroupId of ["a", "b", "a"]) await send("same", { MessageGroupId });
    expect(await receive()).toHaveLength(2);
  });
});

describe("ReceiveMessage", () => {
  test.each([
    {
      what: "more than ten messages",
      more: { MaxNumberOfMessages: 11 },
      text: "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
    },
    {
      what: "a wait of more than 20 seconds",
      more: { WaitTimeSeconds: 21 },
      text: "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
    },
    {
      what: "a visibility timeout beyond twelve hours",
      more: { VisibilityTimeout: 43_201 },
      text: "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
    },
  ])("refuses $what", async ({ more, text: expected }) => {
    const { receive } = await start();
    expect((await refusal(receive(more))).message).toBe(expected);
  });

  test("gives the attributes that are asked for: by name, by prefix, all", async () => {
    const { send, receive } = await start();
    await send("hello", {
      MessageAttributes: {
        "app.kind": text("a"),
        "app.size": text("1", "Number"),
        other: text("b"),
      },
    });
    const names = async (MessageAttributeNames?: string[]) => {
      const [message] = await receive({ MessageAttributeNames, VisibilityTimeout: 0 });
      return Object.keys(message?.MessageAttributes ?? {}).toSorted();
    };
    expect(await names()).toEqual([]);
    expect(await names(["other", "none"])).toEqual(["other"]);
    expect(await names(["app.*"])).toEqual(["app.kind", "app.size"]);
    expect(await names(["oth.*"])).toEqual(["other"]);
    expect(await names([".*"])).toEqual(["app.kind", "app.size", "other"]);
    const [message] = await receive({
      MessageSystemAttributeNames: ["SentTimestamp", "SenderId"],
    });
    expect(Object.keys(message?.Attributes ?? {}).toSorted()).toEqual([
      "SenderId",
      "SentTimestamp",
    ]);
  });

  test("waits for a message as long as it is told, or as long as the queue says", async () => {
    const { client, queues, receive, send, clock } = await start({
      ReceiveMessageWaitTimeSeconds: "20",
    });
    const waiting = receive();
    await send("hello");
    expect((await waiting).map(({ Body }) => Body)).toEqual(["hello"]);
    expect(await receive({ WaitTimeSeconds: 0 })).toEqual([]);
    client.destroy();
    clock.advanceMs(30_000);
    expect(queues.findByName("jobs")?.counts().visible).toBe(1);
  });

  test("moves a message that was received too often, with its time and its source", async () => {
    const { client, create, receive, QueueUrl, send, clock } = await start();
    const dead = await create("dead", {});
    const deadLetterTargetArn = "arn:aws:sqs:us-east-1:000000000000:dead";
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 });
    const source = await create("source", { RedrivePolicy });
    const { MessageId } = await send("poison", { QueueUrl: source });
    const sentMs = clock.epochMs();
    clock.advanceMs(1000);
    for (const count of [1, 1, 0]) {
      expect(await receive({ QueueUrl: source, VisibilityTimeout: 0 })).toHaveLength(count);
    }
    const [message] = await receive({ QueueUrl: dead, MessageSystemAttributeNames: ["All"] });
    expect(message).toMatchObject({
      MessageId,
      Body: "poison",
      Attributes: {
        ApproximateReceiveCount: "3",
        SentTimestamp: String(sentMs),
        DeadLetterQueueSourceArn: "arn:aws:sqs:us-east-1:000000000000:source",
      },
    });
    expect(await receive({ QueueUrl })).toEqual([]);
    client.destroy();
  });
});

describe("receipt handles", () => {
  test("that are none, or of another queue, are refused", async () => {
    const { client, create, QueueUrl, send, receive } = await start();
    const remove = (ReceiptHandle: string, url = QueueUrl) =>
      client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    expect(await refusal(remove("none"))).toEqual({
      name: "ReceiptHandleIsInvalid",
      code: "ReceiptHandleIsInvalid",
      message: 'The input receipt handle "none" is not a valid receipt handle.',
    });
    await send("hello");
    const [{ ReceiptHandle = "" } = {}] = await receive();
    const other = await create("other", {});
    expect(await refusal(remove(ReceiptHandle, other))).toEqual({
      name: "ReceiptHandleIsInvalid",
      code: "ReceiptHandleIsInvalid",
      message: `The receipt handle "${ReceiptHandle}" is not valid for this queue.`,
    });
    await remove(ReceiptHandle);
    expect((await refusal(remove(ReceiptHandle))).name).toBe("none");
    const change = new ChangeMessageVisibilityCommand({
      QueueUrl,
      ReceiptHandle,
      VisibilityTimeout: 1,
    });
    expect((await refusal(client.send(change))).message).toBe(
      `Value ${ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
    );
  });

  test("of an earlier receive delete nothing; of an ended timeout they do, but not in a FIFO queue", async () => {
    const standard = await start();
    const handle = async ({ receive }: typeof standard, seconds: number) => {
      const [message] = await receive({ VisibilityTimeout: seconds });
      return message?.ReceiptHandle;
    };
    const remove = ({ client, QueueUrl }: typeof standard, ReceiptHandle: string | undefined) =>
      refusal(client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })));
    await standard.send("hello");
    const earlier = await handle(standard, 0);
    const later = await handle(standard, 0);
    expect((await remove(standard, earlier)).name).toBe("none");
    expect(standard.queues.findByName("jobs")?.counts().visible).toBe(1);
    await remove(standard, later);
    expect(standard.queues.findByName("jobs")?.counts().visible).toBe(0);

    const fifo = await start(FIFO);
    await fifo.send("hello", { MessageGroupId: "g" });
    const expired = await handle(fifo, 0);
    expect((await remove(fifo, expired)).message).toBe(
      `Value ${expired} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
    );
    const change = new ChangeMessageVisibilityCommand({
      QueueUrl: fifo.QueueUrl,
      ReceiptHandle: expired,
      VisibilityTimeout: 1,
    });
    expect((await refusal(fifo.client.send(change))).message).toContain("has expired.");
  });
});

describe("batches", () => {
  test("send, change and delete entry by entry, and say which failed", async () => {
    const { client, QueueUrl, receive } = await start();
    const sent = await client.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: "good", MessageBody: "one" },
          { Id: "bad", MessageBody: "two", DelaySeconds: 901 },
        ],
      }),
    );
    expect(sent.Successful).toMatchObject([{ Id: "good" }]);
    expect(sent.Failed).toMatchObject([
      { Id: "bad", SenderFault: true, Code: "InvalidParameterValue" },
    ]);
    const [{ ReceiptHandle } = {}] = await receive();
    const Entries = [
      { Id: "good", ReceiptHandle },
      { Id: "bad", ReceiptHandle: "none" },
    ];
    const outcome = {
      Successful: [{ Id: "good" }],
      Failed: [{ Id: "bad", Code: "ReceiptHandleIsInvalid" }],
    };
    const visible = Entries.map((entry) => ({ ...entry, VisibilityTimeout: 60 }));
    expect(
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: visible })),
    ).toMatchObject(outcome);
    expect(await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))).toMatchObject(
      outcome,
    );
  });

  test("to a FIFO queue are refused whole where one entry lacks its group", async () => {
    const { client, QueueUrl, queues } = await start(FIFO);
    const one = { Id: "one", MessageBody: "x", MessageGroupId: "g" };
    const Entries = [one, { Id: "two", MessageBody: "y" }];
    const send = client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect((await refusal(send)).name).toBe("MissingParameter");
    expect(queues.findByName("jobs.fifo")?.counts().visible).toBe(0);
  });

  test.each([
    {
      what: "nothing in it",
      entries: [],
      name: "EmptyBatchRequest",
      text: "There should be at least one SendMessageBatchRequestEntry in the request.",
    },
    {
      what: "eleven entries",
      entries: Array.from({ length: 11 }, (_, index) => ({ Id: `${index}`, MessageBody: "x" })),
      name: "TooManyEntriesInBatchRequest",
      text: "Maximum number of entries per request are 10. You have sent 11.",
    },
    {
      what: "an id twice",
      entries: [
        { Id: "one", MessageBody: "x" },
        { Id: "one", MessageBody: "y" },
      ],
      name: "BatchEntryIdsNotDistinct",
      text: "Id one repeated.",
    },
    {
      what: "an id with a space",
      entries: [{ Id: "o n e", MessageBody: "x" }],
      name: "InvalidBatchEntryId",
      text: "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    },
    {
      what: "more than 1 MiB",
      entries: [
        { Id: "one", MessageBody: "x".repeat(1_000_000) },
        { Id: "two", MessageBody: "x".repeat(48_577) },
      ],
      name: "BatchRequestTooLong",
      text: "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    },
  ])("are refused with $what", async ({ entries, name, text: message }) => {
    const { client, QueueUrl } = await start();
    const command = new SendMessageBatchCommand({ QueueUrl, Entries: entries });
    expect(await refusal(client.send(command))).toEqual({
      name,
      code: `AWS.SimpleQueueService.${name}`,
      message,
    });
  });
});
