import type { Readable } from "node:stream";

import { createHash } from "node:crypto";

import { headerOf, isoTime, type S3Call, type S3Context, type S3Reply, xmlReply } from "./call.ts";
import {
  type Checksum,
  type ChecksumAlgorithm,
  checksumAlgorithm,
  checksumElement,
  runningChecksum,
} from "./checksum.ts";
import { copyRefusal, writeRefusal } from "./conditions.ts";
import type { ByteRange } from "./content-files.ts";
import { describedObject, storageClassOf } from "./description.ts";
import { PUT_BYTES_MAX } from "./incoming-body.ts";
import { checkKey, copySourceOf } from "./names.ts";
import { conditionsOf, orRemove } from "./object-operations.ts";
import type { ObjectDescription, ObjectRecord, Segment } from "./records.ts";
import { invalidArgument, invalidRequest } from "./s3-error.ts";
import { tagsOfHeader } from "./tags.ts";
import { writeXml, type XmlValue } from "./xml.ts";

/** A content that was copied, with what was computed on the way. */
export interface CopiedContent {
  readonly segment: Segment;
  readonly etag: string;
  readonly checksum: Checksum | undefined;
}

export async function copyObject({ store }: S3Context, call: S3Call): Promise<S3Reply> {
  const { bucket, key } = call;
  checkKey(key);
  store.bucket(bucket);
  const { source, location } = copySource({ store }, call);
  if (source.sizeBytes > PUT_BYTES_MAX) {
    throw invalidRequest(
      "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
    );
  }
  const description = copiedDescription(source, call);
  checkChanges(call, { isItself: location.bucket === bucket && location.key === key, source });
  const algorithm = headerOf(call, "x-amz-checksum-algorithm");
  const { segment, etag, checksum } = await copyContent({ store }, source, {
    algorithm: algorithm === undefined ? source.checksum?.algorithm : checksumAlgorithm(algorithm),
  });
  const modifiedMs = store.wallClock.epochMs();
  await orRemove(store, { segments: [segment] }, () => {
    const subject = store.bucket(bucket).objects.get(key);
    const refusal = writeRefusal(conditionsOf(call), { subject, key });
    if (refusal !== undefined) throw refusal;
    store.checkRoom();
    const object: ObjectRecord = {
      ...description,
      key,
      segments: [segment],
      sizeBytes: segment.sizeBytes,
      etag,
      modifiedMs,
      ...(checksum !== undefined && { checksum }),
    };
    store.commit(
      { type: "object", name: bucket, object },
      { ...call, name: "s3:ObjectCreated:Copy" },
    );
  });
  const members = copyMembers({ etag, modifiedMs, checksum });
  return xmlReply(writeXml("CopyObjectResult", members), {
    "x-amz-server-side-encryption": "AES256",
  });
}

/** The object that a copy is of, its conditions checked. @throws S3Error. */
export function copySource({ store }: S3Context, call: S3Call) {
  const location = copySourceOf(headerOf(call, "x-amz-copy-source") ?? "");
  const source = store.object(location.bucket, location.key);
  const conditions = {
    ifMatch: headerOf(call, "x-amz-copy-source-if-match"),
    ifNoneMatch: headerOf(call, "x-amz-copy-source-if-none-match"),
    ifModifiedSince: headerOf(call, "x-amz-copy-source-if-modified-since"),
    ifUnmodifiedSince: headerOf(call, "x-amz-copy-source-if-unmodified-since"),
  };
  const refusal = copyRefusal(conditions, source);
  if (refusal !== undefined) throw refusal;
  return { source, location };
}

/** Writes a content anew, or a range of it. */
export async function copyContent(
  { store }: S3Context,
  source: ObjectRecord,
  options: { algorithm: ChecksumAlgorithm | undefined; range?: ByteRange | undefined },
): Promise<CopiedContent> {
  const { algorithm, range } = options;
  const md5 = createHash("md5");
  const running = algorithm && runningChecksum(algorithm);
  async function* measured(content: Readable): AsyncGenerator<Uint8Array> {
    for await (const piece of content as AsyncIterable<Uint8Array>) {
      md5.update(piece);
      running?.update(piece);
      yield piece;
    }
  }
  const segment = await store.files.write(measured(store.files.read(source.segments, range)));
  const etag = md5.digest("hex");
  if (algorithm === undefined || running === undefined)
    return { segment, etag, checksum: undefined };
  const value = Buffer.from(running.digest()).toString("base64");
  return { segment, etag, checksum: { algorithm, type: "FULL_OBJECT", value } };
}

/** Members of the result of a copy. */
export function copyMembers({
  etag,
  modifiedMs,
  checksum,
}: Pick<ObjectRecord, "etag" | "modifiedMs"> & { checksum: Checksum | undefined }): Record<
  string,
  XmlValue
> {
  return {
    LastModified: isoTime(modifiedMs),
    ETag: `"${etag}"`,
    ...(checksum !== undefined && {
      [checksumElement(checksum.algorithm)]: checksum.value,
      ChecksumType: checksum.type,
    }),
  };
}

/** A copy keeps what its source is, unless it is told to be something else. */
function copiedDescription(source: ObjectRecord, call: S3Call): ObjectDescription {
  const metadata = directive(call, "x-amz-metadata-directive");
  const tagging = directive(call, "x-amz-tagging-directive");
  const described = metadata === "REPLACE" ? describedObject(call) : source;
  return {
    headers: described.headers,
    metadata: described.metadata,
    tags: tagging === "REPLACE" ? tagsOfHeader(headerOf(call, "x-amz-tagging")) : source.tags,
    storageClass: storageClassOf(call),
  };
}

function directive(call: S3Call, header: string): "COPY" | "REPLACE" {
  const value = headerOf(call, header) ?? "COPY";
  if (value === "COPY" || value === "REPLACE") return value;
  const what = header === "x-amz-metadata-directive" ? "metadata" : "tagging";
  throw invalidArgument(`Unknown ${what} directive.`, { name: header, value });
}

/** A copy of an object to itself has to change something. */
function checkChanges(
  call: S3Call,
  { isItself, source }: { isItself: boolean; source: ObjectRecord },
): void {
  const isChanged =
    directive(call, "x-amz-metadata-directive") === "REPLACE" ||
    storageClassOf(call) !== source.storageClass ||
    headerOf(call, "x-amz-website-redirect-location") !== undefined ||
    headerOf(call, "x-amz-server-side-encryption") !== undefined;
  if (!isItself || isChanged) return;
  throw invalidRequest(
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  );
}
