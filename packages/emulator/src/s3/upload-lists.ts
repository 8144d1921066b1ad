import { isoTime, type S3Call, type S3Context, type S3Reply, xmlReply } from "./call.ts";
import { checksumElement } from "./checksum.ts";
import { OWNER_ID } from "./event-record.ts";
import { OrderedMap } from "./key-order.ts";
import { itemsMax, keyWriter } from "./list-parameters.ts";
import { listingOf } from "./listing.ts";
import { calledUpload } from "./multipart-operations.ts";
import type { UploadRecord } from "./records.ts";
import { invalidArgument } from "./s3-error.ts";
import { writeXml } from "./xml.ts";

export function listParts(context: S3Context, call: S3Call): S3Reply {
  const { bucket, key, query } = call;
  const { record, parts } = calledUpload(context, call);
  const written = keyWriter(query);
  const partsMax = itemsMax(query, { name: "max-parts" });
  const marker = markerOf(query);
  const behind = [...parts.values()]
    .filter(({ number }) => number > marker)
    .toSorted((left, right) => left.number - right.number);
  const page = behind.slice(0, partsMax);
  const Owner = { ID: OWNER_ID };
  return xmlReply(
    writeXml("ListPartsResult", {
      Bucket: bucket,
      Key: written(key),
      UploadId: record.uploadId,
      Initiator: Owner,
      Owner,
      StorageClass: record.storageClass,
      PartNumberMarker: marker,
      NextPartNumberMarker: page.at(-1)?.number ?? 0,
      MaxParts: partsMax,
      IsTruncated: page.length < behind.length,
      ChecksumAlgorithm: record.checksum?.algorithm,
      ChecksumType: record.checksum?.type,
      Part: page.map(({ number, segment, etag, modifiedMs, checksum }) => ({
        PartNumber: number,
        LastModified: isoTime(modifiedMs),
        ETag: `"${etag}"`,
        Size: segment.sizeBytes,
        ...(checksum !== undefined && { [checksumElement(checksum.algorithm)]: checksum.value }),
      })),
    }),
  );
}

export function listMultipartUploads({ store }: S3Context, call: S3Call): S3Reply {
  const { query } = call;
  const written = keyWriter(query);
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const uploads = [...store.bucket(call.bucket).uploads.values()].map(({ record }) => record);
  const uploadsMax = itemsMax(query, { name: "max-uploads" });
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const { items, commonPrefixes, isTruncated } = uploadPage(uploads, {
    prefix,
    delimiter,
    keyMarker,
    idMarker,
    uploadsMax,
  });
  const last = items.at(-1);
  const Owner = { ID: OWNER_ID };
  return xmlReply(
    writeXml("ListMultipartUploadsResult", {
      Bucket: call.bucket,
      KeyMarker: written(keyMarker),
      UploadIdMarker: idMarker,
      NextKeyMarker: isTruncated ? written(last?.key ?? commonPrefixes.at(-1) ?? "") : undefined,
      NextUploadIdMarker: isTruncated ? (last?.uploadId ?? "") : undefined,
      Prefix: prefix === "" ? undefined : written(prefix),
      Delimiter: delimiter === "" ? undefined : written(delimiter),
      EncodingType: query.get("encoding-type") || undefined,
      MaxUploads: uploadsMax,
      IsTruncated: isTruncated,
      Upload: items.map((upload) => ({
        Key: written(upload.key),
        UploadId: upload.uploadId,
        Initiator: Owner,
        Owner,
        StorageClass: upload.storageClass,
        Initiated: isoTime(upload.startedMs),
        ChecksumAlgorithm: upload.checksum?.algorithm,
        ChecksumType: upload.checksum?.type,
      })),
      CommonPrefixes: commonPrefixes.map((common) => ({ Prefix: written(common) })),
    }),
  );
}

interface UploadQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  readonly idMarker: string;
  readonly uploadsMax: number;
}

/** Uploads of a key stand together, in the order of their start; a page may end among them. */
function uploadPage(uploads: readonly UploadRecord[], query: UploadQuery) {
  const { prefix, delimiter, keyMarker, idMarker, uploadsMax } = query;
  const byKey = new OrderedMap<UploadRecord[]>();
  for (const upload of uploads) byKey.set(upload.key, [...(byKey.get(upload.key) ?? []), upload]);
  const started = (byKey.get(keyMarker) ?? []).toSorted(byStart);
  const index = started.findIndex(({ uploadId }) => uploadId === idMarker);
  const rest = idMarker === "" || index < 0 ? [] : started.slice(index + 1);
  const { keys, commonPrefixes, next } = listingOf(byKey, {
    prefix,
    delimiter,
    after: keyMarker,
    itemsMax: uploadsMax,
  });
  const all = [...rest, ...keys.flatMap((key) => (byKey.get(key) ?? []).toSorted(byStart))];
  const items = all.slice(0, Math.max(0, uploadsMax - commonPrefixes.length));
  return { items, commonPrefixes, isTruncated: next !== undefined || items.length < all.length };
}

function byStart(left: UploadRecord, right: UploadRecord): number {
  return left.startedMs - right.startedMs;
}

function markerOf(query: URLSearchParams): number {
  const value = query.get("part-number-marker") ?? "0";
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw invalidArgument("Provided part-number-marker not an integer or within integer range", {
    name: "part-number-marker",
    value,
  });
}
