import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  type Event,
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { S3UnderTest } from "./testing/s3-under-test.ts";

const Bucket = "photos";
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue";
const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:resize";
const BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default";

let s3: S3UnderTest;
let client: S3Client;
beforeEach(async () => {
  s3 = new S3UnderTest();
  for (const arn of [QUEUE, FUNCTION, BUS]) s3.targets.add(arn);
  await s3.start();
  client = new S3Client(s3.clientOptions());
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterEach(async () => {
  await s3.end();
});

const configure = (configuration: NotificationConfiguration, more: object = {}) =>
  client.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: configuration,
      ...more,
    }),
  );

const toFunction = (
  Events: Event[],
  rules: { Name: "prefix" | "suffix"; Value: string }[] = [],
) => ({
  Id: "rule",
  LambdaFunctionArn: FUNCTION,
  Events,
  ...(rules.length > 0 && { Filter: { Key: { FilterRules: rules } } }),
});

const put = (Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: "body" }));

interface Record {
  readonly eventName: string;
  readonly s3: { readonly object: { readonly key: string; readonly sequencer: string } };
}

async function records(count: number): Promise<Record[]> {
  await expect.poll(() => s3.delivered).toHaveLength(count);
  return s3.delivered.map(({ delivery }) => JSON.parse(delivery.body).Records[0] as Record);
}

describe("notifications", () => {
  test("tell a function of a new object as S3 does", async () => {
    await configure({ LambdaFunctionConfigurations: [toFunction(["s3:ObjectCreated:*"])] });
    await put("in bound/a@b+ü.png");
    const [record] = await records(1);
    expect(s3.delivered[0]?.arn).toBe(FUNCTION);
    expect(record).toEqual({
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: "us-east-1",
      eventTime: "2026-11-24T12:00:00.789Z",
      eventName: "ObjectCreated:Put",
      userIdentity: { principalId: expect.stringMatching(/^AWS:/) },
      requestParameters: { sourceIPAddress: "127.0.0.1" },
      responseElements: {
        "x-amz-request-id": expect.stringMatching(/^[0-9A-F]{16}$/),
        "x-amz-id-2": expect.any(String),
      },
      s3: {
        s3SchemaVersion: "1.0",
        configurationId: "rule",
        bucket: {
          name: Bucket,
          ownerIdentity: { principalId: expect.any(String) },
          arn: "arn:aws:s3:::photos",
        },
        object: {
          key: "in+bound/a%40b%2B%C3%BC.png",
          size: 4,
          eTag: "841a2d689ad86bd1611447453c22c6fc",
          sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
        },
      },
    });
  });

  test("name what has happened, in an order that the sequencer gives", async () => {
    const Events = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] as Event[];
    await configure({ LambdaFunctionConfigurations: [toFunction(Events)] });
    await put("a");
    await client.send(new CopyObjectCommand({ Bucket, Key: "b", CopySource: `${Bucket}/a` }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "never there" }));
    await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "b" }, { Key: "c" }] } }),
    );
    const told = await records(4);
    expect(told.map(({ eventName, s3: { object } }) => [eventName, object.key])).toEqual([
      ["ObjectCreated:Put", "a"],
      ["ObjectCreated:Copy", "b"],
      ["ObjectRemoved:Delete", "a"],
      ["ObjectRemoved:Delete", "b"],
    ]);
    expect(told[2]?.s3.object).not.toHaveProperty("size");
    const sequencers = told.map(({ s3: { object } }) => object.sequencer);
    expect(new Set(sequencers).size).toBe(4);
    expect(sequencers.toSorted()).toEqual(sequencers);
  });

  test("of tags have a version of their own, and neither size nor order", async () => {
    await configure({ LambdaFunctionConfigurations: [toFunction(["s3:ObjectTagging:*"])] });
    await put("a");
    const Tagging = { TagSet: [{ Key: "kind", Value: "photo" }] };
    await client.send(new PutObjectTaggingCommand({ Bucket, Key: "a", Tagging }));
    expect((await records(1))[0]).toMatchObject({
      eventVersion: "2.3",
      eventName: "ObjectTagging:Put",
    });
    expect((await records(1))[0]?.s3.object).toEqual({
      key: "a",
      eTag: "841a2d689ad86bd1611447453c22c6fc",
    });
  });

  test("carry the trace of the request that has caused them", async () => {
    await configure({
      QueueConfigurations: [{ QueueArn: QUEUE, Events: ["s3:ObjectCreated:Put"] }],
    });
    await expect.poll(() => s3.delivered).toHaveLength(1);
    client.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: { [name: string]: string } };
        headers["X-Amzn-Trace-Id"] = "Root=1-00000001";
        return next(args);
      },
      { step: "build" },
    );
    await put("a");
    await expect.poll(() => s3.delivered).toHaveLength(2);
    const traces = s3.delivered.map(({ delivery }) => delivery.traceId);
    // The first one is the test event, which no request of an object has caused.
    expect(traces).toEqual([undefined, "Root=1-00000001"]);
  });

  test("are for the keys and the events that a rule names", async () => {
    await configure({
      LambdaFunctionConfigurations: [
        toFunction(
          ["s3:ObjectCreated:Put"],
          [
            { Name: "prefix", Value: "in/" },
            { Name: "suffix", Value: ".png" },
          ],
        ),
      ],
    });
    for (const key of ["in/a.jpg", "out/a.png", "in/a.png"]) await put(key);
    await client.send(
      new CopyObjectCommand({ Bucket, Key: "in/b.png", CopySource: `${Bucket}/in/a.png` }),
    );
    await put("in/c.png");
    const told = await records(2);
    expect(told.map(({ s3: { object } }) => object.key)).toEqual(["in/a.png", "in/c.png"]);
  });

  test("try a queue out first", async () => {
    await configure({ QueueConfigurations: [{ QueueArn: QUEUE, Events: ["s3:ObjectCreated:*"] }] });
    await expect.poll(() => s3.delivered).toHaveLength(1);
    expect(JSON.parse(s3.delivered[0]?.delivery.body ?? "")).toEqual({
      Service: "Amazon S3",
      Event: "s3:TestEvent",
      Time: "2026-11-24T12:00:00.789Z",
      Bucket,
      RequestId: expect.any(String),
      HostId: expect.any(String),
    });
  });

  test("go to the event bus where that is on", async () => {
    await configure({ EventBridgeConfiguration: {} });
    await put("a b");
    await expect.poll(() => s3.delivered).toHaveLength(1);
    expect(s3.delivered).toMatchObject([
      {
        arn: BUS,
        delivery: {
          event: {
            source: "aws.s3",
            detailType: "Object Created",
            resources: ["arn:aws:s3:::photos"],
          },
        },
      },
    ]);
    expect(JSON.parse(s3.delivered[0]?.delivery.body ?? "")).toMatchObject({
      version: "0",
      bucket: { name: Bucket },
      object: { key: "a b", size: 4, etag: "841a2d689ad86bd1611447453c22c6fc" },
      requester: "000000000000",
      reason: "PutObject",
    });
    await client.send(new DeleteObjectTaggingCommand({ Bucket, Key: "a b" }));
    await expect.poll(() => s3.delivered).toHaveLength(2);
    const { delivery } = s3.delivered[1] ?? {};
    expect(delivery?.event?.detailType).toBe("Object Tags Deleted");
    expect(JSON.parse(delivery?.body ?? "").object).toEqual({
      key: "a b",
      etag: "841a2d689ad86bd1611447453c22c6fc",
    });
  });

  test("are repeated until their target is there", async () => {
    await configure({ LambdaFunctionConfigurations: [toFunction(["s3:ObjectCreated:*"])] });
    s3.targets.delete(FUNCTION);
    await put("a");
    s3.clock.advanceMs(1_000);
    expect(s3.delivered).toEqual([]);
    s3.targets.add(FUNCTION);
    await expect
      .poll(() => {
        s3.clock.advanceMs(1_000);
        return s3.delivered;
      })
      .toHaveLength(1);
  });
});

describe("a notification configuration", () => {
  test("is given back as it was put, and is empty at first", async () => {
    const get = () => client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(await get()).not.toHaveProperty("QueueConfigurations");
    const rule = toFunction(["s3:ObjectCreated:Put"], [{ Name: "prefix", Value: "in/" }]);
    await configure({ LambdaFunctionConfigurations: [rule], EventBridgeConfiguration: {} });
    expect(await get()).toMatchObject({
      LambdaFunctionConfigurations: [
        { ...rule, Filter: { Key: { FilterRules: [{ Name: "Prefix", Value: "in/" }] } } },
      ],
      EventBridgeConfiguration: {},
    });
    await configure({});
    expect(await get()).not.toHaveProperty("LambdaFunctionConfigurations");
  });

  const rule = toFunction(["s3:ObjectCreated:*"]);
  const other = { ...rule, Id: "other" };
  const prefixed = (id: string, Value: string, suffix: string) => ({
    ...toFunction(
      ["s3:ObjectCreated:*"],
      [
        { Name: "prefix", Value },
        { Name: "suffix", Value: suffix },
      ],
    ),
    Id: id,
  });

  test.each([
    [
      "a target that is not there",
      { QueueConfigurations: [{ QueueArn: `${QUEUE}-no`, Events: rule.Events }] },
      {
        message: "Unable to validate the following destination configurations",
        ArgumentName: `${QUEUE}-no`,
        ArgumentValue: "The destination queue does not exist",
      },
    ],
    [
      "targets that are not there",
      {
        QueueConfigurations: ["one", "two"].map((name) => ({
          QueueArn: `${QUEUE}-${name}`,
          Events: [`s3:ObjectCreated:${name === "one" ? "Put" : "Copy"}`] as Event[],
        })),
      },
      {
        ArgumentName: `${QUEUE}-one`,
        ArgumentName1: `${QUEUE}-two`,
        ArgumentValue1: "The destination queue does not exist",
      },
    ],
    [
      "a target that is no ARN",
      { QueueConfigurations: [{ QueueArn: "queue", Events: rule.Events }] },
      {
        message: "The ARN could not be parsed",
        ArgumentName: "QueueArn",
        ArgumentValue: "queue",
      },
    ],
    [
      "an event that does not exist",
      { LambdaFunctionConfigurations: [{ ...rule, Events: ["s3:ObjectEaten:*" as Event] }] },
      {
        message: "The event is not supported for notifications",
        ArgumentValue: "s3:ObjectEaten:*",
      },
    ],
    [
      "two rules for the same",
      { LambdaFunctionConfigurations: [rule, other] },
      {
        message:
          "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
      },
    ],
    [
      "filters that overlap",
      { LambdaFunctionConfigurations: [prefixed("1", "in/", ".png"), prefixed("2", "in/a", "g")] },
      {
        message:
          "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.",
      },
    ],
    [
      "a filter that is none",
      {
        LambdaFunctionConfigurations: [
          toFunction(rule.Events, [{ Name: "infix" as "prefix", Value: "a" }]),
        ],
      },
      { message: "filter rule name must be either prefix or suffix" },
    ],
  ])("is refused with %s", async (_what, configuration, error) => {
    await expect(configure(configuration)).rejects.toMatchObject({
      name: "InvalidArgument",
      ...error,
    });
  });

  test("may have rules whose suffixes or prefixes keep them apart", async () => {
    const rules = [
      prefixed("1", "in/", ".png"),
      prefixed("2", "in/", ".jpg"),
      prefixed("3", "out/", ".png"),
    ];
    await configure({ LambdaFunctionConfigurations: rules });
    await put("in/a.jpg");
    expect(await records(1)).toMatchObject([{ s3: { configurationId: "2" } }]);
  });

  test("may name what is not there when nobody is to look", async () => {
    const rules = [{ QueueArn: `${QUEUE}-no`, Events: rule.Events }];
    await configure({ QueueConfigurations: rules }, { SkipDestinationValidation: true });
    const kept = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(kept.QueueConfigurations).toMatchObject(rules);
  });
});
