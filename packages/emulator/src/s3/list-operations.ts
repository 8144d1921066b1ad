import { isoTime, type S3Call, type S3Context, type S3Reply, xmlReply } from "./call.ts";
import { OWNER_ID } from "./event-record.ts";
import { itemsMax, keyWriter } from "./list-parameters.ts";
import { type Listing, listingOf } from "./listing.ts";
import type { ObjectRecord } from "./records.ts";
import { invalidArgument } from "./s3-error.ts";
import type { BucketState } from "./s3-state.ts";
import { writeXml, type XmlValue } from "./xml.ts";

export function listObjectsV2({ store }: S3Context, call: S3Call): S3Reply {
  const { query } = call;
  const bucket = store.bucket(call.bucket);
  const written = keyWriter(query);
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after") ?? "";
  const query2 = { ...pageQuery(query), after: token === null ? startAfter : keyOfToken(token) };
  const page = listingOf(bucket.objects, query2);
  const hasOwner = query.get("fetch-owner") === "true";
  return xmlReply(
    writeXml("ListBucketResult", {
      Name: call.bucket,
      Prefix: written(query2.prefix),
      StartAfter: startAfter === "" ? undefined : written(startAfter),
      ContinuationToken: token ?? undefined,
      NextContinuationToken: page.next === undefined ? undefined : tokenOf(page.next),
      KeyCount: page.keys.length + page.commonPrefixes.length,
      MaxKeys: query2.itemsMax,
      ...pageMembers(query, page),
      Contents: page.keys.map((key) => contents(bucket, { key, written, hasOwner })),
      CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: written(prefix) })),
    }),
  );
}

export function listObjects({ store }: S3Context, call: S3Call): S3Reply {
  const { query } = call;
  const bucket = store.bucket(call.bucket);
  const written = keyWriter(query);
  const marker = query.get("marker") ?? "";
  const query1 = { ...pageQuery(query), after: marker };
  const page = listingOf(bucket.objects, query1);
  // Without a delimiter the last key is the marker, and clients know it.
  const hasNext = page.next !== undefined && query1.delimiter !== "";
  return xmlReply(
    writeXml("ListBucketResult", {
      Name: call.bucket,
      Prefix: written(query1.prefix),
      Marker: written(marker),
      NextMarker: hasNext ? written(page.next ?? "") : undefined,
      MaxKeys: query1.itemsMax,
      ...pageMembers(query, page),
      Contents: page.keys.map((key) => contents(bucket, { key, written, hasOwner: true })),
      CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: written(prefix) })),
    }),
  );
}

/** Every object has one version, whose id is `null`. */
export function listObjectVersions({ store }: S3Context, call: S3Call): S3Reply {
  const { query } = call;
  const bucket = store.bucket(call.bucket);
  const written = keyWriter(query);
  const marker = query.get("key-marker") ?? "";
  const query1 = { ...pageQuery(query), after: marker };
  const page = listingOf(bucket.objects, query1);
  return xmlReply(
    writeXml("ListVersionsResult", {
      Name: call.bucket,
      Prefix: written(query1.prefix),
      KeyMarker: written(marker),
      VersionIdMarker: query.get("version-id-marker") ?? "",
      NextKeyMarker: page.next === undefined ? undefined : written(page.next),
      NextVersionIdMarker: page.next === undefined ? undefined : "null",
      MaxKeys: query1.itemsMax,
      ...pageMembers(query, page),
      Version: page.keys.map((key) => ({
        VersionId: "null",
        IsLatest: true,
        ...contents(bucket, { key, written, hasOwner: true }),
      })),
      CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: written(prefix) })),
    }),
  );
}

function pageQuery(query: URLSearchParams) {
  return {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    itemsMax: itemsMax(query, { name: "max-keys" }),
  };
}

function pageMembers(query: URLSearchParams, { next }: Listing): Record<string, XmlValue> {
  const delimiter = query.get("delimiter") ?? "";
  return {
    Delimiter: delimiter === "" ? undefined : keyWriter(query)(delimiter),
    EncodingType: query.get("encoding-type") || undefined,
    IsTruncated: next !== undefined,
  };
}

function contents(
  { objects }: BucketState,
  options: { key: string; written: (key: string) => string; hasOwner: boolean },
): Record<string, XmlValue> {
  const { key, written, hasOwner } = options;
  // The page was made from the same keys within this turn.
  const { modifiedMs, etag, sizeBytes, storageClass, checksum } = objects.get(key) as ObjectRecord;
  return {
    Key: written(key),
    LastModified: isoTime(modifiedMs),
    ETag: `"${etag}"`,
    ChecksumAlgorithm: checksum?.algorithm,
    ChecksumType: checksum?.type,
    Size: sizeBytes,
    Owner: hasOwner ? { ID: OWNER_ID } : undefined,
    StorageClass: storageClass,
  };
}

/** Tokens say nothing to a client, and everything that the next page needs. */
function tokenOf(key: string): string {
  return Buffer.from(`1${key}`).toString("base64");
}

function keyOfToken(token: string): string {
  const text = Buffer.from(token, "base64").toString();
  if (text.startsWith("1")) return text.slice(1);
  throw invalidArgument("The continuation token provided is incorrect", {
    name: "continuation-token",
    value: token,
  });
}
