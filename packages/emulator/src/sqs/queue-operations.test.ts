import {
  AddPermissionCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  RemovePermissionCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, test } from "vitest";

import { startQueueServer, stopQueueServers } from "./testing/queue-server.ts";
import { clientSettings, refusal } from "./testing/sqs-call.ts";

afterEach(stopQueueServers);

async function start() {
  const server = await startQueueServer();
  const client = new SQSClient(clientSettings(server.url));
  const create = async (QueueName: string, Attributes: Record<string, string> = {}) => {
    const { QueueUrl = "" } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
    return QueueUrl;
  };
  const attributes = async (QueueUrl: string, ...names: string[]) => {
    const AttributeNames = (names.length === 0 ? ["All"] : names) as ["All"];
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames });
    return (await client.send(command)).Attributes;
  };
  const set = (QueueUrl: string, Attributes: Record<string, string>) =>
    client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  return { ...server, client, create, attributes, set };
}

const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

describe("CreateQueue", () => {
  test("gives the same queue for the same attributes, and refuses others", async () => {
    const { create, url } = await start();
    const first = await create("jobs", { VisibilityTimeout: "30" });
    expect(first).toBe(`${url}/000000000000/jobs`);
    expect(await create("jobs")).toBe(first);
    expect(await create("jobs", { DelaySeconds: "0" })).toBe(first);
    expect(await refusal(create("jobs", { VisibilityTimeout: "31" }))).toEqual({
      name: "QueueNameExists",
      code: "QueueAlreadyExists",
      message:
        "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    });
  });

  test.each<{ what: string; name: string; attributes: Record<string, string>; text: string }>([
    {
      what: "a name with a space",
      name: "two words",
      attributes: {},
      text: "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    },
    {
      what: "a FIFO name without the attribute",
      name: "jobs.fifo",
      attributes: {},
      text: "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    },
    {
      what: "a FIFO queue without the suffix",
      name: "jobs",
      attributes: { FifoQueue: "true" },
      text: "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
    },
    {
      what: "an unknown attribute",
      name: "jobs",
      attributes: { Speed: "high" },
      text: "Unknown Attribute Speed.",
    },
    {
      what: "an attribute of FIFO queues",
      name: "jobs",
      attributes: { FifoQueue: "false" },
      text: "Unknown Attribute FifoQueue.",
    },
    {
      what: "an attribute that only every object has",
      name: "jobs",
      attributes: { ["constructor"]: "x" },
      text: "Unknown Attribute constructor.",
    },
    {
      what: "a value that is out of range",
      name: "jobs",
      attributes: { VisibilityTimeout: "43201" },
      text: "Invalid value for the parameter VisibilityTimeout.",
    },
    {
      what: "a redrive policy without a count",
      name: "jobs",
      attributes: { RedrivePolicy: '{"deadLetterTargetArn":"x"}' },
      text: 'Value {"deadLetterTargetArn":"x"} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not contain mandatory attribute: maxReceiveCount.',
    },
    {
      what: "a dead-letter queue that does not exist",
      name: "jobs",
      attributes: {
        RedrivePolicy: `{"deadLetterTargetArn":"${arnOf("none")}","maxReceiveCount":1}`,
      },
      text: `Value {"deadLetterTargetArn":"${arnOf("none")}","maxReceiveCount":1} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
    },
    {
      what: "a dead-letter queue that is no ARN",
      name: "jobs",
      attributes: { RedrivePolicy: '{"deadLetterTargetArn":"x","maxReceiveCount":1}' },
      text: 'Value {"deadLetterTargetArn":"x","maxReceiveCount":1} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn.',
    },
    {
      what: "an empty redrive policy",
      name: "jobs",
      attributes: { RedrivePolicy: "{}" },
      text: "Value {} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not contain mandatory attribute: maxReceiveCount.",
    },
    {
      what: "a mode of high throughput for a standard queue",
      name: "jobs",
      attributes: { FifoThroughputLimit: "perMessageGroupId" },
      text: "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
    },
    {
      what: "two kinds of encryption",
      name: "jobs",
      attributes: { KmsMasterKeyId: "mine", SqsManagedSseEnabled: "true" },
      text: "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    },
  ])("refuses $what", async ({ name, attributes, text }) => {
    const { create } = await start();
    expect((await refusal(create(name, { ...attributes }))).message).toBe(text);
  });

  test("does not take a name for a minute after it was deleted", async () => {
    const { client, create, clock } = await start();
    const QueueUrl = await create("jobs");
    await client.send(new DeleteQueueCommand({ QueueUrl }));
    expect(await refusal(create("jobs"))).toMatchObject({
      name: "QueueDeletedRecently",
      code: "AWS.SimpleQueueService.QueueDeletedRecently",
    });
    clock.advanceMs(60_000);
    expect(await create("jobs")).toBe(QueueUrl);
  });
});

describe("GetQueueUrl and ListQueues", () => {
  test("find queues by name, prefix and page", async () => {
    const { client, create, url } = await start();
    for (const name of ["job-2", "job-1", "other", "job-3"]) await create(name);
    const found = await client.send(new GetQueueUrlCommand({ QueueName: "other" }));
    expect(found.QueueUrl).toBe(`${url}/000000000000/other`);
    const list = (NextToken?: string) =>
      client.send(new ListQueuesCommand({ QueueNamePrefix: "job", MaxResults: 2, NextToken }));
    const first = await list();
    expect(first.QueueUrls).toEqual(
      ["job-1", "job-2"].map((name) => `${url}/000000000000/${name}`),
    );
    const second = await list(first.NextToken);
    expect(second.QueueUrls).toEqual([`${url}/000000000000/job-3`]);
    expect(second.NextToken).toBeUndefined();
    const none = await client.send(new ListQueuesCommand({ QueueNamePrefix: "none" }));
    expect(none.QueueUrls).toBeUndefined();
    const beyond = client.send(new ListQueuesCommand({ MaxResults: 1001 }));
    expect(await refusal(beyond)).toMatchObject({ code: "InvalidParameterValue" });
  });

  test("find no queue that is not there, whatever host the address has", async () => {
    const { client, create } = await start();
    await create("jobs");
    const unknown = { name: "QueueDoesNotExist", code: "AWS.SimpleQueueService.NonExistentQueue" };
    const call = (QueueUrl: string) => client.send(new PurgeQueueCommand({ QueueUrl }));
    const get = client.send(new GetQueueUrlCommand({ QueueName: "none" }));
    expect(await refusal(get)).toMatchObject(unknown);
    expect(await refusal(call("http://any/000000000000/none"))).toMatchObject(unknown);
    expect(await refusal(call("http://any/111111111111/jobs"))).toMatchObject(unknown);
    expect(await refusal(call("jobs"))).toEqual({
      name: "InvalidAddress",
      code: "InvalidAddress",
      message: "The address jobs is not valid for this endpoint.",
    });
  });
});

describe("queue attributes", () => {
  test("are all there, with AWS's defaults", async () => {
    const { create, attributes, client, clock } = await start();
    const QueueUrl = await create("jobs");
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "one" }));
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "two", DelaySeconds: 5 }));
    const epochSec = String(Math.floor(clock.epochMs() / 1000));
    expect(await attributes(QueueUrl)).toEqual({
      QueueArn: arnOf("jobs"),
      ApproximateNumberOfMessages: "1",
      ApproximateNumberOfMessagesNotVisible: "0",
      ApproximateNumberOfMessagesDelayed: "1",
      CreatedTimestamp: epochSec,
      LastModifiedTimestamp: epochSec,
      VisibilityTimeout: "30",
      MaximumMessageSize: "1048576",
      MessageRetentionPeriod: "345600",
      DelaySeconds: "0",
      ReceiveMessageWaitTimeSeconds: "0",
      SqsManagedSseEnabled: "true",
    });
    const fifo = await create("jobs.fifo", { FifoQueue: "true" });
    expect(await attributes(fifo)).toMatchObject({
      FifoQueue: "true",
      ContentBasedDeduplication: "false",
      DeduplicationScope: "queue",
      FifoThroughputLimit: "perQueue",
    });
  });

  test("can be asked for by name, set and removed", async () => {
    const { create, attributes, set } = await start();
    await create("dead");
    const QueueUrl = await create("jobs");
    const policy = { deadLetterTargetArn: arnOf("dead"), maxReceiveCount: 3 };
    await set(QueueUrl, { VisibilityTimeout: "7", RedrivePolicy: JSON.stringify(policy) });
    expect(await attributes(QueueUrl, "VisibilityTimeout", "RedrivePolicy")).toEqual({
      VisibilityTimeout: "7",
      RedrivePolicy: JSON.stringify(policy),
    });
    await set(QueueUrl, { RedrivePolicy: "" });
    expect(await attributes(QueueUrl, "RedrivePolicy")).toBeUndefined();
    expect(await refusal(attributes(QueueUrl, "Speed"))).toEqual({
      name: "InvalidAttributeName",
      code: "InvalidAttributeName",
      message: "Unknown Attribute Speed.",
    });
  });

  test("know one kind of encryption, the one that was set last", async () => {
    const { create, attributes, set } = await start();
    const QueueUrl = await create("jobs", { SqsManagedSseEnabled: "true" });
    const names = ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];
    await set(QueueUrl, { KmsMasterKeyId: "mine" });
    expect(await attributes(QueueUrl, ...names)).toEqual({
      KmsMasterKeyId: "mine",
      KmsDataKeyReusePeriodSeconds: "300",
      SqsManagedSseEnabled: "false",
    });
    await set(QueueUrl, { SqsManagedSseEnabled: "true" });
    expect(await attributes(QueueUrl, ...names)).toEqual({ SqsManagedSseEnabled: "true" });
  });

  test("do not change a queue's type, nor let it give up messages to one that refuses them", async () => {
    const { create, set } = await start();
    const QueueUrl = await create("jobs");
    expect((await refusal(set(QueueUrl, { FifoQueue: "true" }))).message).toBe(
      "Unknown Attribute FifoQueue.",
    );
    const fifo = await create("dead.fifo", { FifoQueue: "true" });
    expect((await refusal(set(fifo, { FifoQueue: "false" }))).message).toBe(
      "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    );
    const redriveTo = (name: string) =>
      refusal(
        set(QueueUrl, {
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(name), maxReceiveCount: 1 }),
        }),
      );
    expect((await redriveTo("dead.fifo")).message).toContain("must be same type of queue");
    const dead = await create("dead", { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' });
    expect((await redriveTo("dead")).message).toContain("does not allow this queue");
    const RedriveAllowPolicy = JSON.stringify({
      redrivePermission: "byQueue",
      sourceQueueArns: [arnOf("jobs")],
    });
    await set(dead, { RedriveAllowPolicy });
    expect((await redriveTo("dead")).name).toBe("none");
  });

  test("name the queues that give up their messages to a queue", async () => {
    const { client, create, url } = await start();
    const QueueUrl = await create("dead");
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: arnOf("dead"),
      maxReceiveCount: 1,
    });
    for (const name of ["b", "a"]) await create(name, { RedrivePolicy });
    const { queueUrls } = await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl }));
    expect(queueUrls).toEqual([`${url}/000000000000/a`, `${url}/000000000000/b`]);
  });
});

describe("PurgeQueue", () => {
  test("deletes every message, once a minute", async () => {
    const { client, create, attributes, clock } = await start();
    const QueueUrl = await create("jobs");
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "one" }));
    const purge = () => client.send(new PurgeQueueCommand({ QueueUrl }));
    await purge();
    expect(await attributes(QueueUrl, "ApproximateNumberOfMessages")).toEqual({
      ApproximateNumberOfMessages: "0",
    });
    expect(await refusal(purge())).toEqual({
      name: "PurgeQueueInProgress",
      code: "AWS.SimpleQueueService.PurgeQueueInProgress",
      message: "Only one PurgeQueue operation on jobs is allowed every 60 seconds.",
    });
    clock.advanceMs(60_000);
    expect((await refusal(purge())).name).toBe("none");
  });
});

describe("tags and permissions", () => {
  test("are added, listed and removed", async () => {
    const { client, create, attributes } = await start();
    const QueueUrl = await create("jobs");
    const tags = async () => (await client.send(new ListQueueTagsCommand({ QueueUrl }))).Tags;
    expect(await tags()).toBeUndefined();
    await client.send(new TagQueueCommand({ QueueUrl, Tags: { team: "a", stage: "dev" } }));
    await client.send(new UntagQueueCommand({ QueueUrl, TagKeys: ["stage", "none"] }));
    expect(await tags()).toEqual({ team: "a" });
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, ""]));
    expect(await refusal(client.send(new TagQueueCommand({ QueueUrl, Tags: many })))).toMatchObject(
      {
        code: "InvalidParameterValue",
      },
    );

    const permission = { QueueUrl, Label: "friends" };
    const Actions = ["SendMessage"];
    const AWSAccountIds = ["111111111111"];
    await client.send(new AddPermissionCommand({ ...permission, Actions, AWSAccountIds }));
    const { Policy = "" } = (await attributes(QueueUrl, "Policy")) ?? {};
    expect(JSON.parse(Policy)).toMatchObject({
      Statement: [
        {
          Sid: "friends",
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::111111111111:root" },
          Action: "SQS:SendMessage",
          Resource: arnOf("jobs"),
        },
      ],
    });
    await client.send(new RemovePermissionCommand(permission));
    expect(await attributes(QueueUrl, "Policy")).toBeUndefined();
    expect(await refusal(client.send(new RemovePermissionCommand(permission)))).toMatchObject({
      code: "InvalidParameterValue",
    });
  });
});
