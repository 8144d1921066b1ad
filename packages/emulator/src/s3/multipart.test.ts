import { createHash, randomBytes } from "node:crypto";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { S3UnderTest } from "./testing/s3-under-test.ts";

const Bucket = "photos";
const Key = "large file";
const PART_BYTES = 5_242_880;

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

async function begun(more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  const command = new CreateMultipartUploadCommand({ Bucket, Key, ...more });
  return (await client.send(command)).UploadId ?? "";
}

async function part(UploadId: string, PartNumber: number, Body: Uint8Array) {
  const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body });
  const { ETag, ChecksumCRC32 } = await client.send(command);
  return { PartNumber, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) };
}

const complete = (UploadId: string, Parts: { PartNumber: number; ETag: string | undefined }[]) =>
  client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
  );

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();

describe("a multipart upload", () => {
  test.each([
    {},
    { ChecksumAlgorithm: "CRC32" },
    { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" },
  ] as const)("becomes one object, read whole, in part and by its parts (%j)", async (more) => {
    const first = randomBytes(PART_BYTES);
    const last = randomBytes(1000);
    const UploadId = await begun({ ...more, Metadata: { kind: "large" } });
    const parts = [await part(UploadId, 2, last), await part(UploadId, 1, first)].toReversed();
    const done = await complete(UploadId, parts);
    const tag = createHash("md5").update(md5(first)).update(md5(last)).digest("hex");
    expect(done).toMatchObject({ Bucket, Key, ETag: `"${tag}-2"` });
    const got = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(got).toMatchObject({ Metadata: { kind: "large" }, ContentLength: PART_BYTES + 1000 });
    const bytes = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(Buffer.concat([first, last]))).toBe(true);
    const Range = `bytes=${PART_BYTES - 10}-${PART_BYTES + 9}`;
    const middle = await client.send(new GetObjectCommand({ Bucket, Key, Range }));
    expect(Buffer.from((await middle.Body?.transformToByteArray()) ?? [])).toEqual(
      Buffer.concat([first.subarray(-10), last.subarray(0, 10)]),
    );
    const second = await client.send(new HeadObjectCommand({ Bucket, Key, PartNumber: 2 }));
    expect(second).toMatchObject({ PartsCount: 2, ContentLength: 1000 });
  });

  test("is made of copies too", async () => {
    const body = randomBytes(PART_BYTES + 5);
    await client.send(new PutObjectCommand({ Bucket, Key: "source", Body: body }));
    const UploadId = await begun();
    const copied = async (PartNumber: number, CopySourceRange: string) => {
      const command = new UploadPartCopyCommand({
        Bucket,
        Key,
        UploadId,
        PartNumber,
        CopySource: `${Bucket}/source`,
        CopySourceRange,
      });
      return { PartNumber, ETag: (await client.send(command)).CopyPartResult?.ETag };
    };
    const parts = [
      await copied(1, `bytes=0-${PART_BYTES - 1}`),
      await copied(2, `bytes=${PART_BYTES}-${PART_BYTES + 4}`),
    ];
    await complete(UploadId, parts);
    const got = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(body.equals((await got.Body?.transformToByteArray()) ?? new Uint8Array())).toBe(true);
  });

  test("is listed with its parts until it ends", async () => {
    const UploadId = await begun();
    const parts = [];
    for (const number of [1, 2, 3]) {
      parts.push(await part(UploadId, number, Buffer.from(String(number))));
    }
    const firstPage = await client.send(
      new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }),
    );
    expect(firstPage).toMatchObject({ IsTruncated: true, NextPartNumberMarker: "2" });
    const { Parts } = await client.send(
      new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker: "2" }),
    );
    expect(Parts).toEqual([
      expect.objectContaining({ PartNumber: 3, Size: 1, ETag: parts[2]?.ETag }),
    ]);
    const other = await begun({ Key: "other" });
    const list = (more: object) =>
      client.send(new ListMultipartUploadsCommand({ Bucket, ...more }));
    expect((await list({})).Uploads?.map((upload) => upload.UploadId)).toEqual([UploadId, other]);
    expect(await list({ MaxUploads: 1 })).toMatchObject({
      IsTruncated: true,
      NextKeyMarker: Key,
      NextUploadIdMarker: UploadId,
    });
    const rest = await list({ KeyMarker: Key, UploadIdMarker: UploadId });
    expect(rest.Uploads?.map((upload) => upload.UploadId)).toEqual([other]);
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    await expect(part(UploadId, 1, Buffer.from("late"))).rejects.toMatchObject({
      name: "NoSuchUpload",
      UploadId,
    });
  });

  test("is refused when a thousand others are in progress", async () => {
    for (let index = 0; index < 1_000; index += 1) {
      const uploadId = `upload-${index}`;
      const upload = { uploadId, key: Key, startedMs: 0, headers: {}, metadata: {}, tags: [] };
      s3.store.commit({
        type: "upload",
        name: Bucket,
        upload: { ...upload, storageClass: "STANDARD" },
      });
    }
    await expect(begun()).rejects.toMatchObject({
      name: "ServiceUnavailable",
      message: expect.stringContaining("at most 1000 multipart uploads"),
    });
  });

  test("is refused when its parts are not what was uploaded", async () => {
    const UploadId = await begun();
    const [one, two] = [
      await part(UploadId, 1, Buffer.from("small")),
      await part(UploadId, 2, Buffer.from("last")),
    ];
    await expect(complete(UploadId, [two, one])).rejects.toMatchObject({
      name: "InvalidPartOrder",
    });
    await expect(complete(UploadId, [one, two])).rejects.toMatchObject({
      name: "EntityTooSmall",
      MinSizeAllowed: "5242880",
      ProposedSize: "5",
      PartNumber: "1",
    });
    await expect(complete(UploadId, [{ ...two, PartNumber: 3 }])).rejects.toMatchObject({
      name: "InvalidPart",
      PartNumber: "3",
    });
    await expect(complete(UploadId, [one, { ...two, ETag: '"other"' }])).rejects.toMatchObject({
      name: "InvalidPart",
      ETag: "other",
    });
    await expect(complete(UploadId, [])).rejects.toMatchObject({ name: "MalformedXML" });
    await expect(part(UploadId, 10_001, Buffer.from("x"))).rejects.toMatchObject({
      name: "InvalidArgument",
      message: "Part number must be an integer between 1 and 10000, inclusive",
      ArgumentName: "partNumber",
      ArgumentValue: "10001",
    });
    await complete(UploadId, [two]);
    await expect(complete(UploadId, [two])).rejects.toMatchObject({ name: "NoSuchUpload" });
  });
});
