import { randomUUID } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { S3UnderTest } from "./testing/s3-under-test.ts";

const Bucket = "photos";
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue";

let s3: S3UnderTest;
const client = () => new S3Client(s3.clientOptions());
beforeEach(async () => {
  s3 = new S3UnderTest();
  await s3.start();
  await client().send(new CreateBucketCommand({ Bucket }));
});
afterEach(async () => {
  await s3.end();
});

const put = (Key: string, Body = "body") =>
  client().send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { kind: "kept" } }));

const contentFiles = () => readdirSync(join(s3.directory, "content"));
const journal = () => join(s3.directory, "journal.jsonl");

describe("what S3 keeps", () => {
  test("is there after a restart, also uploads that were in progress", async () => {
    await put("a/b");
    await put("gone");
    await client().send(new DeleteObjectCommand({ Bucket, Key: "gone" }));
    const begin = new CreateMultipartUploadCommand({ Bucket, Key: "large" });
    const { UploadId } = await client().send(begin);
    const where = { Bucket, Key: "large", UploadId };
    await client().send(new UploadPartCommand({ ...where, PartNumber: 7, Body: "part" }));
    await s3.restart();
    const list = await client().send(new ListObjectsV2Command({ Bucket }));
    expect(list.Contents?.map(({ Key }) => Key)).toEqual(["a/b"]);
    const got = await client().send(new GetObjectCommand({ Bucket, Key: "a/b" }));
    expect([await got.Body?.transformToString(), got.Metadata]).toEqual(["body", { kind: "kept" }]);
    const { Parts } = await client().send(new ListPartsCommand(where));
    expect(Parts).toMatchObject([{ PartNumber: 7, Size: 4 }]);
  });

  test("leaves alone what somebody else has put beside the contents", async () => {
    mkdirSync(join(s3.directory, "content", "notes", "deep"), { recursive: true });
    await s3.restart();
    expect(contentFiles()).toEqual(["notes"]);
  });

  test("has no file that belongs to nothing", async () => {
    await put("a", "first");
    await put("a", "second");
    await expect.poll(contentFiles).toHaveLength(1);
    writeFileSync(join(s3.directory, "content", randomUUID()), "half an ob");
    await s3.restart();
    expect(contentFiles()).toHaveLength(1);
    await client().send(new DeleteObjectCommand({ Bucket, Key: "a" }));
    await expect.poll(contentFiles).toEqual([]);
  });

  test("is not changed by an upload that is cut off", async () => {
    await put("a", "whole");
    const socket = connect(Number(new URL(s3.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(
      `PUT /${Bucket}/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS a:b\r\nContent-Length: 100\r\n\r\nhalf`,
    );
    await expect.poll(contentFiles).toHaveLength(2);
    socket.destroy();
    await expect.poll(contentFiles).toHaveLength(1);
    const got = await client().send(new GetObjectCommand({ Bucket, Key: "a" }));
    expect(await got.Body?.transformToString()).toBe("whole");
  });

  test("includes notifications that have not arrived", async () => {
    s3.targets.add(QUEUE);
    const QueueConfigurations = [{ QueueArn: QUEUE, Events: ["s3:ObjectCreated:*" as const] }];
    await client().send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { QueueConfigurations },
      }),
    );
    await expect.poll(() => s3.delivered).toHaveLength(1);
    s3.targets.delete(QUEUE);
    await put("a");
    await s3.restart();
    expect(s3.delivered).toHaveLength(1);
    s3.targets.add(QUEUE);
    s3.clock.advanceMs(60_000);
    await expect.poll(() => s3.delivered).toHaveLength(2);
    await s3.restart();
    s3.clock.advanceMs(60_000);
    await put("b");
    await expect.poll(() => s3.delivered).toHaveLength(3);
  });

  test("stays small however often it changes", async () => {
    for (let round = 0; round < 1_300; round += 1) {
      s3.store.commit({
        type: "bucket",
        bucket: { name: "again", createdMs: round, location: "" },
      });
    }
    expect(readFileSync(journal(), "utf8").split("\n").length).toBeLessThan(1_100);
    await s3.restart();
    expect(s3.store.bucket("again").record.createdMs).toBe(1_299);
  });
});

describe("a state that cannot be read", () => {
  test.each([
    ["no entry", '{"type":"nothing"}', "line 2: .*the type of an entry is nothing"],
    ["an entry without a member", '{"type":"object","name":"photos"}', 'line 2: .*"object"'],
    [
      "an entry for a bucket that is not there",
      '{"type":"object-deleted","name":"other","key":"a"}',
      'line 2: .*no bucket "other"',
    ],
  ])("is refused with a way out: %s", async (_what, line, message) => {
    await s3.kill();
    appendFileSync(journal(), `${line}\n`);
    await expect(s3.start()).rejects.toMatchObject({
      code: "ERR_STATE_BROKEN",
      message: expect.stringMatching(new RegExp(`journal\\.jsonl, ${message}.*away`)),
    });
    expect(readFileSync(journal(), "utf8")).toContain(line);
  });

  test("is refused when the content of an object is not there", async () => {
    await put("a");
    await s3.kill();
    const [file = ""] = contentFiles();
    rmSync(join(s3.directory, "content", file));
    await expect(s3.start()).rejects.toMatchObject({
      code: "ERR_STATE_BROKEN",
      message: expect.stringContaining(`${file}: the file with the content of s3://photos/a`),
    });
  });
});
