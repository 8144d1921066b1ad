import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, test } from "vitest";

import { queueArn } from "./account-queues.ts";
import { startQueueServer, stopQueueServers } from "./testing/queue-server.ts";
import { clientSettings, refusal } from "./testing/sqs-call.ts";

afterEach(stopQueueServers);

describe("StartMessageMoveTask", () => {
  const deadArn = queueArn("dead");
  const sourceArn = queueArn("source");

  async function start() {
    const server = await startQueueServer();
    return { ...server, client: new SQSClient(clientSettings(server.url)) };
  }

  async function withDeadLetters(count: number) {
    const world = await start();
    const { queues } = world;
    queues.create("dead", { attributes: {}, tags: {} });
    const redrive = { deadLetterTargetArn: deadArn, maxReceiveCount: 1 };
    const RedrivePolicy = JSON.stringify(redrive);
    queues.create("source", { attributes: { RedrivePolicy }, tags: {} });
    for (let index = 0; index < count; index += 1) {
      await queues.send(sourceArn, { body: `message-${index}` });
    }
    const receive = (visibilityTimeoutSec: number) =>
      queues.receive(sourceArn, { messagesMax: 10, waitMs: 0, visibilityTimeoutSec });
    await receive(0);
    await receive(0);
    return { ...world, receive };
  }

  test("moves dead letters back to where they come from, as new messages", async () => {
    const { client, receive, clock } = await withDeadLetters(3);
    await client.send(new StartMessageMoveTaskCommand({ SourceArn: deadArn }));
    clock.advanceMs(1000);
    const messages = await receive(30);
    expect(messages.map(({ body }) => body)).toEqual(["message-0", "message-1", "message-2"]);
    expect(messages[0]?.systemAttributes).toMatchObject({ ApproximateReceiveCount: "1" });
    expect(messages[0]?.systemAttributes).not.toHaveProperty("DeadLetterQueueSourceArn");
    const { Results } = await client.send(new ListMessageMoveTasksCommand({ SourceArn: deadArn }));
    expect(Results).toMatchObject([
      {
        Status: "COMPLETED",
        ApproximateNumberOfMessagesMoved: 3,
        ApproximateNumberOfMessagesToMove: 3,
      },
    ]);
  });

  test("keeps to its pace, runs alone, and can be cancelled", async () => {
    const { client, queues, clock } = await withDeadLetters(5);
    const command = new StartMessageMoveTaskCommand({
      SourceArn: deadArn,
      MaxNumberOfMessagesPerSecond: 2,
    });
    const { TaskHandle } = await client.send(command);
    clock.advanceMs(1000);
    expect(queues.findByName("dead")?.counts().visible).toBe(3);
    expect((await refusal(client.send(command))).message).toContain("already a task running");
    const cancel = new CancelMessageMoveTaskCommand({ TaskHandle });
    expect(await client.send(cancel)).toMatchObject({ ApproximateNumberOfMessagesMoved: 2 });
    clock.advanceMs(10_000);
    expect(queues.findByName("dead")?.counts().visible).toBe(3);
  });

  test("fails when a queue is deleted meanwhile, or nothing tells where a message comes from", async () => {
    const { client, queues, clock } = await withDeadLetters(1);
    const failure = async (): Promise<unknown> => {
      await client.send(new StartMessageMoveTaskCommand({ SourceArn: deadArn }));
      const list = new ListMessageMoveTasksCommand({ SourceArn: deadArn });
      const source = queues.findByArn(sourceArn);
      if (source !== undefined) queues.remove(source);
      clock.advanceMs(1000);
      return (await client.send(list)).Results?.[0];
    };
    expect(await failure()).toMatchObject({
      Status: "FAILED",
      FailureReason: "AWS.SimpleQueueService.NonExistentQueue",
    });
    const redrive = { deadLetterTargetArn: deadArn, maxReceiveCount: 1 };
    const RedrivePolicy = JSON.stringify(redrive);
    queues.create("other", { attributes: { RedrivePolicy }, tags: {} });
    const dead = queues.findByArn(deadArn);
    dead?.purge();
    await queues.send(deadArn, { body: "sent directly" });
    expect(await failure()).toMatchObject({
      Status: "FAILED",
      FailureReason: "CouldNotDetermineMessageSource",
    });
  });

  test("is cancelled by its own handle only", async () => {
    const { client } = await withDeadLetters(1);
    const cancel = (TaskHandle: string) =>
      refusal(client.send(new CancelMessageMoveTaskCommand({ TaskHandle })));
    const handle = (arn: string) =>
      Buffer.from(JSON.stringify({ taskId: "none", sourceArn: arn })).toString("base64");
    expect(await cancel("none")).toMatchObject({
      name: "InvalidParameterValue",
      message: "Value for parameter TaskHandle is invalid.",
    });
    expect(await cancel(handle(deadArn))).toMatchObject({
      name: "ResourceNotFoundException",
      message: "Task does not exist.",
    });
    expect(await cancel(handle(queueArn("none")))).toMatchObject({
      name: "ResourceNotFoundException",
      message: "The resource that you specified for the SourceArn parameter doesn't exist.",
    });
  });

  test("is for queues that others give up their messages to", async () => {
    const { client, queues } = await start();
    queues.create("jobs", { attributes: {}, tags: {} });
    const move = (name: string) =>
      refusal(client.send(new StartMessageMoveTaskCommand({ SourceArn: queueArn(name) })));
    expect((await move("jobs")).message).toBe(
      "Source queue must be configured as a Dead Letter Queue.",
    );
    expect(await move("none")).toMatchObject({ name: "ResourceNotFoundException" });
  });
});
