import { createHash } from "node:crypto";

import {
  emptyReply,
  headerOf,
  type S3Call,
  type S3Context,
  type S3Reply,
  xmlReply,
} from "./call.ts";
import {
  type Checksum,
  checkChecksum,
  checksumAlgorithm,
  checksumElement,
  checksumHeader,
  type ChecksumType,
  compositeChecksum,
  runningChecksum,
} from "./checksum.ts";
import { writeRefusal } from "./conditions.ts";
import { parseCompletion } from "./completion.ts";
import { copyContent, copyMembers, copySource } from "./copy-operations.ts";
import { describedObject } from "./description.ts";
import { IncomingBody, PUT_BYTES_MAX, xmlBody } from "./incoming-body.ts";
import { checkKey } from "./names.ts";
import { conditionsOf, orRemove } from "./object-operations.ts";
import { rangeOf } from "./range.ts";
import type { ObjectRecord, PartRecord, UploadRecord } from "./records.ts";
import { invalidArgument, invalidRequest } from "./s3-error.ts";
import { newUploadId } from "./s3-store.ts";
import type { UploadState } from "./s3-state.ts";
import { writeXml } from "./xml.ts";

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, read 2026-11-24. */
const PARTS_MAX = 10_000;

export function createMultipartUpload({ store }: S3Context, call: S3Call): S3Reply {
  const { bucket, key } = call;
  checkKey(key);
  store.bucket(bucket);
  store.checkUploadRoom();
  const checksum = uploadChecksum(call);
  const upload: UploadRecord = {
    ...describedObject(call),
    uploadId: newUploadId(),
    key,
    startedMs: store.wallClock.epochMs(),
    ...(checksum !== undefined && { checksum }),
  };
  store.commit({ type: "upload", name: bucket, upload });
  const members = { Bucket: bucket, Key: key, UploadId: upload.uploadId };
  return xmlReply(writeXml("InitiateMultipartUploadResult", members), {
    "x-amz-server-side-encryption": "AES256",
    ...(checksum !== undefined && {
      "x-amz-checksum-algorithm": checksum.algorithm,
      "x-amz-checksum-type": checksum.type,
    }),
  });
}

export async function uploadPart(context: S3Context, call: S3Call): Promise<S3Reply> {
  const { store } = context;
  const { record } = calledUpload(context, call);
  const number = partNumberOf(call);
  const wanted = record.checksum?.algorithm;
  const body = new IncomingBody(call, { algorithm: wanted, needsLength: true });
  const segment = await store.files.write(body.content());
  const { etag, checksum } = body;
  await orRemove(store, { segments: [segment] }, () => {
    if (wanted !== undefined && checksum?.algorithm !== wanted) {
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${wanted.toLowerCase()}, actual checksum Type: ${checksum?.algorithm.toLowerCase()}`,
      );
    }
    const modifiedMs = store.wallClock.epochMs();
    commitPart(context, call, {
      number,
      segment,
      etag,
      modifiedMs,
      ...(checksum !== undefined && { checksum }),
    });
  });
  return emptyReply(200, {
    ETag: `"${etag}"`,
    "x-amz-server-side-encryption": "AES256",
    ...(checksum !== undefined && { [checksumHeader(checksum.algorithm)]: checksum.value }),
  });
}

export async function uploadPartCopy(context: S3Context, call: S3Call): Promise<S3Reply> {
  const { store } = context;
  const { record } = calledUpload(context, call);
  const number = partNumberOf(call);
  const { source } = copySource(context, call);
  const header = headerOf(call, "x-amz-copy-source-range");
  const range = header === undefined ? "whole" : rangeOf(header, source.sizeBytes);
  if (header !== undefined && (typeof range === "string" || !/^bytes=\d+-\d+$/.test(header))) {
    throw invalidArgument(
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
      { name: "x-amz-copy-source-range", value: header },
    );
  }
  const copied = typeof range === "string" ? undefined : range;
  const size = copied === undefined ? source.sizeBytes : copied.last - copied.first + 1;
  if (size > PUT_BYTES_MAX) {
    throw invalidRequest(
      "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
    );
  }
  const { segment, etag, checksum } = await copyContent(context, source, {
    algorithm: record.checksum?.algorithm,
    range: copied,
  });
  const modifiedMs = store.wallClock.epochMs();
  await orRemove(store, { segments: [segment] }, () =>
    commitPart(context, call, {
      number,
      segment,
      etag,
      modifiedMs,
      ...(checksum !== undefined && { checksum }),
    }),
  );
  const { ChecksumType: _whole, ...members } = copyMembers({ etag, modifiedMs, checksum });
  return xmlReply(writeXml("CopyPartResult", members));
}

export async function completeMultipartUpload(context: S3Context, call: S3Call): Promise<S3Reply> {
  const { store } = context;
  const { bucket, key } = call;
  calledUpload(context, call);
  const text = await xmlBody({ ...call, headers: withoutChecksums(call) });
  const upload = calledUpload(context, call);
  const parts = parseCompletion(text, upload);
  const checksum = await objectChecksum(context, { upload, parts, call });
  // Another request may have ended the upload meanwhile.
  calledUpload(context, call);
  const subject = store.bucket(bucket).objects.get(key);
  const refusal = writeRefusal(conditionsOf(call), { subject, key });
  if (refusal !== undefined) throw refusal;
  const { uploadId, startedMs: _started, checksum: _wanted, ...description } = upload.record;
  const object: ObjectRecord = {
    ...description,
    segments: parts.map(({ segment }) => segment),
    partNumbers: parts.map(({ number }) => number),
    sizeBytes: parts.reduce((sum, { segment }) => sum + segment.sizeBytes, 0),
    etag: etagOf(parts),
    modifiedMs: store.wallClock.epochMs(),
    ...(checksum !== undefined && { checksum }),
  };
  store.commit(
    { type: "object", name: bucket, object, uploadId },
    { ...call, name: "s3:ObjectCreated:CompleteMultipartUpload" },
  );
  const members = {
    Location: `http://${headerOf(call, "host") ?? "localhost"}${call.path}`,
    Bucket: bucket,
    Key: key,
    ETag: `"${object.etag}"`,
    ...(checksum !== undefined && {
      [checksumElement(checksum.algorithm)]: checksum.value,
      ChecksumType: checksum.type,
    }),
  };
  return xmlReply(writeXml("CompleteMultipartUploadResult", members), {
    "x-amz-server-side-encryption": "AES256",
  });
}

export function abortMultipartUpload(context: S3Context, call: S3Call): S3Reply {
  const { record } = calledUpload(context, call);
  const { uploadId } = record;
  context.store.commit({ type: "upload-ended", name: call.bucket, uploadId });
  return emptyReply(204);
}

/** The upload that a request names. @throws S3Error NoSuchUpload. */
export function calledUpload({ store }: S3Context, { bucket, key, query }: S3Call): UploadState {
  return store.upload(bucket, key, query.get("uploadId") ?? "");
}

/** The upload may have ended while its part came. */
function commitPart(context: S3Context, call: S3Call, part: PartRecord): void {
  const { uploadId } = calledUpload(context, call).record;
  context.store.commit({ type: "part", name: call.bucket, uploadId, part });
}

function partNumberOf({ query }: S3Call): number {
  const value = query.get("partNumber") ?? "";
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= PARTS_MAX) return number;
  throw invalidArgument("Part number must be an integer between 1 and 10000, inclusive", {
    name: "partNumber",
    value,
  });
}

function uploadChecksum(call: S3Call): UploadRecord["checksum"] {
  const header = headerOf(call, "x-amz-checksum-algorithm");
  const type = headerOf(call, "x-amz-checksum-type")?.toUpperCase();
  if (header === undefined) {
    if (type === undefined) return undefined;
    throw invalidRequest(
      "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    );
  }
  const algorithm = checksumAlgorithm(header);
  const usual: ChecksumType = algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE";
  const wanted = type ?? usual;
  if (wanted !== "FULL_OBJECT" && wanted !== "COMPOSITE") {
    throw invalidRequest("Value for x-amz-checksum-type header is invalid.");
  }
  const isPossible = wanted === usual || algorithm === "CRC32" || algorithm === "CRC32C";
  if (isPossible) return { algorithm, type: wanted };
  throw invalidRequest(
    `The ${wanted} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
  );
}

/** The checksums of a completion are those of the object, and not of its body. */
function withoutChecksums({ headers }: S3Call): S3Call["headers"] {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith("x-amz-checksum-")),
  );
}

async function objectChecksum(
  { store }: S3Context,
  { upload, parts, call }: { upload: UploadState; parts: readonly PartRecord[]; call: S3Call },
): Promise<Checksum | undefined> {
  const wanted = upload.record.checksum;
  if (wanted === undefined) return undefined;
  const { algorithm, type } = wanted;
  const value =
    type === "COMPOSITE"
      ? compositeChecksum(
          algorithm,
          parts.map(({ checksum }) => checksum?.value ?? ""),
        )
      : await fullChecksum({ store }, { algorithm, parts });
  const expected = headerOf(call, checksumHeader(algorithm));
  if (expected !== undefined) {
    const computed = expected.includes("-") ? value : (value.split("-")[0] ?? "");
    checkChecksum(algorithm, { expected, computed });
  }
  return { algorithm, type, value };
}

async function fullChecksum(
  { store }: S3Context,
  { algorithm, parts }: { algorithm: Checksum["algorithm"]; parts: readonly PartRecord[] },
): Promise<string> {
  const running = runningChecksum(algorithm);
  const content = store.files.read(parts.map(({ segment }) => segment));
  for await (const piece of content as AsyncIterable<Uint8Array>) running.update(piece);
  return Buffer.from(running.digest()).toString("base64");
}

/** MD5 of the parts' MD5, and how many they are. */
function etagOf(parts: readonly PartRecord[]): string {
  const digest = createHash("md5");
  for (const { etag } of parts) digest.update(Buffer.from(etag, "hex"));
  return `${digest.digest("hex")}-${parts.length}`;
}
