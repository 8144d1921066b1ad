import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  type ListEventSourceMappingsCommandInput,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { VirtualClock } from "@pilotlight/core/testing";
import { afterEach, describe, expect, test, vi } from "vitest";

import { startEmulator } from "../emulator.ts";
import { newFunction, ZIP } from "../testing/scripted-emulator.ts";
import { ScriptedEnvironment } from "../testing/scripted-environment.ts";

const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "pilotlight-mappings-"));
  cleanUps.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** An emulator with AWS's own clients; its functions keep what they get and succeed. */
async function start(directory = stateDirectory()) {
  const events: string[] = [];
  const emulator = await startEmulator({
    apiPort: 0,
    awsPort: 0,
    defaultFunction: "consumer",
    stateDirectory: directory,
    clock: new VirtualClock(),
    startEnvironment: ({ version, listener }) => new Consumer(version, listener, events),
  });
  const stop = () => emulator.stop();
  cleanUps.push(stop);
  const options = {
    endpoint: emulator.awsUrl,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  };
  const lambda = new LambdaClient(options);
  const sqs = new SQSClient(options);
  cleanUps.push(
    () => lambda.destroy(),
    () => sqs.destroy(),
  );
  const createConsumer = () =>
    lambda.send(
      new CreateFunctionCommand({
        ...newFunction("consumer"),
        Runtime: "nodejs24.x",
        Code: { ZipFile: Buffer.from(ZIP, "base64") },
      }),
    );
  return { lambda, sqs, events, stop, createConsumer };
}

class Consumer extends ScriptedEnvironment {
  readonly #events: string[];

  constructor(
    ...[version, listener, events]: [...ConstructorParameters<typeof ScriptedEnvironment>, string[]]
  ) {
    super(version, listener);
    this.#events = events;
  }

  override invoke(...[invocation]: Parameters<ScriptedEnvironment["invoke"]>) {
    const outcome = super.invoke(invocation);
    this.#events.push(Buffer.from(invocation.payload).toString());
    setImmediate(() => {
      this.answer("null");
      setImmediate(() => this.free());
    });
    return outcome;
  }
}

const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

function bodiesOf(events: readonly string[]): string[] {
  return events.flatMap((event) =>
    (JSON.parse(event) as { Records: { body: string }[] }).Records.map(({ body }) => body),
  );
}

describe("the operations on event source mappings", () => {
  test("serve AWS's own clients from creation to deletion", async () => {
    const { lambda, sqs, events, createConsumer } = await start();
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs" }));
    await createConsumer();
    const created = await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: "consumer",
        EventSourceArn: queueArn("jobs"),
        ScalingConfig: { MaximumConcurrency: 2 },
      }),
    );
    const { UUID } = created;
    expect(created).toMatchObject({
      State: "Creating",
      BatchSize: 10,
      ScalingConfig: { MaximumConcurrency: 2 },
      EventSourceMappingArn: `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${UUID}`,
      LastModified: new Date(1_700_000_000_000),
    });
    expect(await lambda.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({
      State: "Enabled",
    });

    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "one" }));
    await vi.waitFor(() => expect(bodiesOf(events)).toEqual(["one"]));
    await vi.waitFor(async () => {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
      );
      expect(Attributes?.["ApproximateNumberOfMessagesNotVisible"]).toBe("0");
    });

    const updated = await lambda.send(
      new UpdateEventSourceMappingCommand({ UUID, Enabled: false }),
    );
    expect(updated.State).toBe("Disabling");
    const deleted = await lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
    expect(deleted.State).toBe("Deleting");
    await expect(lambda.send(new GetEventSourceMappingCommand({ UUID }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "The resource you requested does not exist.",
      $metadata: { httpStatusCode: 404 },
    });
  });

  test("list pages, and the mappings of a queue or of a function", async () => {
    const { lambda, sqs, createConsumer } = await start();
    await createConsumer();
    const uuids: (string | undefined)[] = [];
    for (const QueueName of ["a", "b", "c"]) {
      await sqs.send(new CreateQueueCommand({ QueueName }));
      const { UUID } = await lambda.send(
        new CreateEventSourceMappingCommand({
          FunctionName: QueueName === "c" ? "consumer:$LATEST" : "consumer",
          EventSourceArn: queueArn(QueueName),
        }),
      );
      uuids.push(UUID);
    }
    const list = async (input: ListEventSourceMappingsCommandInput) => {
      const page = await lambda.send(new ListEventSourceMappingsCommand(input));
      return { uuids: page.EventSourceMappings?.map(({ UUID }) => UUID), next: page.NextMarker };
    };
    const first = await list({ MaxItems: 2 });
    expect(first.uuids).toEqual(uuids.slice(0, 2));
    expect(await list({ Marker: first.next })).toEqual({ uuids: uuids.slice(2), next: undefined });
    expect((await list({ EventSourceArn: queueArn("b") })).uuids).toEqual([uuids[1]]);
    expect((await list({ FunctionName: "consumer" })).uuids).toEqual(uuids.slice(0, 2));
    expect((await list({ FunctionName: "consumer:$LATEST" })).uuids).toEqual([uuids[2]]);
    expect((await list({ FunctionName: "other" })).uuids).toEqual([]);
  });

  test("leave mappings and messages to the next start, where they wait for the function", async () => {
    const directory = stateDirectory();
    const before = await start(directory);
    const { QueueUrl } = await before.sqs.send(new CreateQueueCommand({ QueueName: "jobs" }));
    await before.createConsumer();
    const { UUID } = await before.lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: "consumer",
        EventSourceArn: queueArn("jobs"),
        Enabled: false,
      }),
    );
    await before.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "kept" }));
    await before.stop();

    const after = await start(directory);
    expect(await after.lambda.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({
      State: "Disabled",
    });
    await after.createConsumer();
    await after.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
    await vi.waitFor(() => expect(bodiesOf(after.events)).toEqual(["kept"]));
  });
});
