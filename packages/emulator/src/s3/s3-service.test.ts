import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";

import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  GetObjectTaggingCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { S3UnderTest } from "./testing/s3-under-test.ts";

const Bucket = "photos";

let s3: S3UnderTest;
let client: S3Client;
beforeEach(async () => {
  s3 = new S3UnderTest();
  await s3.start();
  client = new S3Client(s3.clientOptions());
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterEach(async () => {
  await s3.end();
});

const put = (Key: string, Body: string | Uint8Array = "body") =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }));

async function textOf(Key: string, more: object = {}) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Body?.transformToString();
}

describe("buckets", () => {
  test("are made, found, listed and deleted", async () => {
    await client.send(new CreateBucketCommand({ Bucket: "albums" }));
    await client.send(new CreateBucketCommand({ Bucket: "albums" }));
    await client.send(new HeadBucketCommand({ Bucket: "albums" }));
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    expect(Buckets).toEqual([
      { Name: "albums", CreationDate: new Date("2026-11-24T12:00:00Z") },
      { Name: "photos", CreationDate: new Date("2026-11-24T12:00:00Z") },
    ]);
    expect(
      await client.send(new GetBucketLocationCommand({ Bucket: "albums" })),
    ).not.toHaveProperty("LocationConstraint");
    await client.send(new DeleteBucketCommand({ Bucket: "albums" }));
    await expect(client.send(new HeadBucketCommand({ Bucket: "albums" }))).rejects.toMatchObject({
      name: "NotFound",
    });
  });

  test("are not deleted while something is in them", async () => {
    await put("a");
    await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: "BucketNotEmpty",
      message: "The bucket you tried to delete is not empty",
      BucketName: Bucket,
    });
  });

  test.each([
    "ab",
    "Upper",
    "under_score",
    "a..b",
    "192.168.5.4",
    "-a-",
    "xn--abc",
    "a".repeat(64),
  ])("cannot be called %s", async (name) => {
    const answer = await fetch(`${s3.url}/${name}`, {
      method: "PUT",
      headers: { authorization: "AWS test:test" },
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("<Code>InvalidBucketName</Code>");
  });
});

describe("objects", () => {
  test("come back as they were put, with what was said of them", async () => {
    const Body = randomBytes(300_000);
    const { ETag } = await client.send(
      new PutObjectCommand({
        Bucket,
        Key: "a b/ü+1.png",
        Body,
        ContentType: "image/png",
        CacheControl: "no-cache",
        ContentEncoding: "identity",
        Metadata: { camera: "box" },
        Tagging: "kind=test&owner=me",
      }),
    );
    const got = await client.send(new GetObjectCommand({ Bucket, Key: "a b/ü+1.png" }));
    expect(got).toMatchObject({
      ETag,
      ContentLength: 300_000,
      ContentType: "image/png",
      CacheControl: "no-cache",
      ContentEncoding: "identity",
      Metadata: { camera: "box" },
      TagCount: 2,
      LastModified: new Date("2026-11-24T12:00:00Z"),
      AcceptRanges: "bytes",
      ChecksumType: "FULL_OBJECT",
    });
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Body)).toBe(true);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: "a b/ü+1.png" }));
    expect(head).toMatchObject({ ETag, ContentLength: 300_000, ContentType: "image/png" });
  });

  test("may be empty, and may come from a stream", async () => {
    await put("empty", "");
    expect(await textOf("empty")).toBe("");
    const pieces = Readable.from([Buffer.from("one "), Buffer.from("two")]);
    await client.send(
      new PutObjectCommand({ Bucket, Key: "streamed", Body: pieces, ContentLength: 7 }),
    );
    expect(await textOf("streamed")).toBe("one two");
  });

  test.each(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)(
    "are kept with the checksum %s of the client",
    async (ChecksumAlgorithm) => {
      const Body = Readable.from([Buffer.from("hello "), Buffer.from("world")]);
      await client.send(
        new PutObjectCommand({ Bucket, Key: "sum", Body, ContentLength: 11, ChecksumAlgorithm }),
      );
      const wanted = { ChecksumMode: "ENABLED" } as const;
      // The client compares the checksum with the body itself.
      expect(await textOf("sum", wanted)).toBe("hello world");
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: "sum", ...wanted }));
      expect(head[`Checksum${ChecksumAlgorithm}`]).toMatch(/=$/);
    },
  );

  test("are refused when they are not what the client says, and leave nothing", async () => {
    const wrong = { Bucket, Key: "wrong", Body: "body" };
    await expect(
      client.send(new PutObjectCommand({ ...wrong, ChecksumCRC32: "AAAAAA==" })),
    ).rejects.toMatchObject({
      name: "BadDigest",
      message: "The CRC32 you specified did not match the calculated checksum.",
    });
    await expect(
      client.send(new PutObjectCommand({ ...wrong, ContentMD5: "1B2M2Y8AsgTpgAmY7PhCfg==" })),
    ).rejects.toMatchObject({ name: "BadDigest", CalculatedDigest: "hBotaJrYa9FhFEdFPCLG/A==" });
    await expect(
      client.send(new PutObjectCommand({ ...wrong, ContentMD5: "no digest" })),
    ).rejects.toMatchObject({ name: "InvalidDigest" });
    await expect(textOf("wrong")).rejects.toMatchObject({
      name: "NoSuchKey",
      message: "The specified key does not exist.",
      Key: "wrong",
    });
  });

  test("are given in part", async () => {
    await put("digits", "0123456789");
    const range = async (Range: string) => {
      const got = await client.send(new GetObjectCommand({ Bucket, Key: "digits", Range }));
      return [await got.Body?.transformToString(), got.ContentRange];
    };
    expect(await range("bytes=2-4")).toEqual(["234", "bytes 2-4/10"]);
    expect(await range("bytes=7-")).toEqual(["789", "bytes 7-9/10"]);
    expect(await range("bytes=-3")).toEqual(["789", "bytes 7-9/10"]);
    expect(await range("bytes=8-99")).toEqual(["89", "bytes 8-9/10"]);
    expect(await range("bytes=0-1,4-5")).toEqual(["0123456789", undefined]);
    await expect(range("bytes=10-")).rejects.toMatchObject({
      name: "InvalidRange",
      ActualObjectSize: "10",
      RangeRequested: "bytes=10-",
    });
  });

  test("are given, and written, under conditions", async () => {
    const { ETag = "" } = await put("a");
    expect(await textOf("a", { IfMatch: ETag })).toBe("body");
    await expect(textOf("a", { IfMatch: '"other"' })).rejects.toMatchObject({
      name: "PreconditionFailed",
      Condition: "If-Match",
    });
    await expect(textOf("a", { IfNoneMatch: ETag })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    await expect(textOf("a", { IfModifiedSince: new Date(s3.nowMs) })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    const again = { Bucket, Key: "a", Body: "other" };
    await expect(
      client.send(new PutObjectCommand({ ...again, IfNoneMatch: "*" })),
    ).rejects.toMatchObject({ name: "PreconditionFailed", Condition: "If-None-Match" });
    await client.send(new PutObjectCommand({ ...again, IfMatch: ETag }));
    await expect(
      client.send(new PutObjectCommand({ ...again, IfMatch: ETag })),
    ).rejects.toMatchObject({ name: "PreconditionFailed" });
    await client.send(new PutObjectCommand({ ...again, Key: "new", IfNoneMatch: "*" }));
  });

  test("of a reader stay whole when they are replaced meanwhile", async () => {
    const Body = randomBytes(8_000_000);
    await put("a", Body);
    const { Body: stream } = await client.send(new GetObjectCommand({ Bucket, Key: "a" }));
    await put("a", "new");
    const bytes = await stream?.transformToByteArray();
    expect(Body.equals(bytes ?? new Uint8Array())).toBe(true);
    expect(await textOf("a")).toBe("new");
  });

  test("are copied, with their metadata or with others", async () => {
    const Metadata = { camera: "box" };
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key: "a b",
        Body: "body",
        Metadata,
        ContentType: "text/plain",
      }),
    );
    const CopySource = `${Bucket}/a%20b`;
    const { CopyObjectResult } = await client.send(
      new CopyObjectCommand({ Bucket, Key: "copy", CopySource }),
    );
    expect(CopyObjectResult?.ETag).toBe('"841a2d689ad86bd1611447453c22c6fc"');
    const copy = await client.send(new GetObjectCommand({ Bucket, Key: "copy" }));
    expect(copy).toMatchObject({ Metadata, ContentType: "text/plain" });
    expect(await copy.Body?.transformToString()).toBe("body");
    await client.send(
      new CopyObjectCommand({
        Bucket,
        Key: "copy",
        CopySource,
        MetadataDirective: "REPLACE",
        Metadata: { lens: "pinhole" },
      }),
    );
    expect(await client.send(new HeadObjectCommand({ Bucket, Key: "copy" }))).toMatchObject({
      Metadata: { lens: "pinhole" },
      ContentType: "binary/octet-stream",
    });
    await expect(
      client.send(new CopyObjectCommand({ Bucket, Key: "a b", CopySource })),
    ).rejects.toMatchObject({ name: "InvalidRequest" });
  });

  test("are deleted, one or many, and deleting nothing succeeds", async () => {
    for (const key of ["a", "b", "c"]) await put(key);
    await client.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
    const Objects = [{ Key: "b" }, { Key: "c" }, { Key: "d" }];
    const { Deleted } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
    );
    expect(Deleted).toEqual(Objects);
    expect(await client.send(new ListObjectsV2Command({ Bucket }))).toMatchObject({ KeyCount: 0 });
  });

  test("have tags and attributes", async () => {
    await put("a");
    const TagSet = [{ Key: "kind", Value: "<test> & more" }];
    await client.send(new PutObjectTaggingCommand({ Bucket, Key: "a", Tagging: { TagSet } }));
    const got = await client.send(new GetObjectTaggingCommand({ Bucket, Key: "a" }));
    expect(got.TagSet).toEqual(TagSet);
    const ObjectAttributes = ["ETag", "ObjectSize", "StorageClass"] as const;
    expect(
      await client.send(
        new GetObjectAttributesCommand({
          Bucket,
          Key: "a",
          ObjectAttributes: [...ObjectAttributes],
        }),
      ),
    ).toMatchObject({
      ETag: "841a2d689ad86bd1611447453c22c6fc",
      ObjectSize: 4,
      StorageClass: "STANDARD",
    });
  });
});

describe("lists", () => {
  test("roll keys up at a delimiter, page by page", async () => {
    for (const key of ["a", "d/1", "d/2", "e/1", "f", "ü ä"]) await put(key);
    const page = (more: object) =>
      client.send(new ListObjectsV2Command({ Bucket, Delimiter: "/", MaxKeys: 2, ...more }));
    const first = await page({});
    expect(first).toMatchObject({
      Contents: [{ Key: "a", ETag: '"841a2d689ad86bd1611447453c22c6fc"', Size: 4 }],
      CommonPrefixes: [{ Prefix: "d/" }],
      IsTruncated: true,
      KeyCount: 2,
    });
    const second = await page({ ContinuationToken: first.NextContinuationToken });
    expect(second.CommonPrefixes).toEqual([{ Prefix: "e/" }]);
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(["f"]);
    const third = await page({
      ContinuationToken: second.NextContinuationToken,
      EncodingType: "url",
    });
    expect(third).toMatchObject({ Contents: [{ Key: "%C3%BC+%C3%A4" }], IsTruncated: false });
    expect((await page({ StartAfter: "e/1", MaxKeys: 9 })).Contents).toHaveLength(2);
  });

  test("of the first version have markers", async () => {
    for (const key of ["a", "b/1", "b/2", "c"]) await put(key);
    const first = await client.send(new ListObjectsCommand({ Bucket, Delimiter: "/", MaxKeys: 2 }));
    expect(first).toMatchObject({ NextMarker: "b/", IsTruncated: true });
    const second = await client.send(
      new ListObjectsCommand({ Bucket, Delimiter: "/", Marker: "b/" }),
    );
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(["c"]);
    expect(second.CommonPrefixes).toBeUndefined();
  });

  test("refuse what they cannot read", async () => {
    await expect(
      client.send(new ListObjectsV2Command({ Bucket, MaxKeys: -1 })),
    ).rejects.toMatchObject({
      name: "InvalidArgument",
      message: "Argument maxKeys must be an integer between 0 and 2147483647",
      ArgumentName: "max-keys",
    });
    await expect(
      client.send(new ListObjectsV2Command({ Bucket, ContinuationToken: "nonsense" })),
    ).rejects.toMatchObject({ message: "The continuation token provided is incorrect" });
    await expect(
      client.send(new ListObjectsV2Command({ Bucket: "nowhere" })),
    ).rejects.toMatchObject({ name: "NoSuchBucket", BucketName: "nowhere" });
  });
});
