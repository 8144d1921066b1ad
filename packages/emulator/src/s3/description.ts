import { headerOf, type S3Call } from "./call.ts";
import { checksumHeader } from "./checksum.ts";
import type { ByteRange } from "./content-files.ts";
import { isAwsChunked } from "./incoming-body.ts";
import type { ObjectDescription, ObjectRecord } from "./records.ts";
import { S3Error } from "./s3-error.ts";
import { tagsOfHeader } from "./tags.ts";

/** Headers that are kept with an object and given back. */
const KEPT_HEADERS = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
  "x-amz-website-redirect-location",
] as const;

/** What an object is when nobody says what it is. */
const CONTENT_TYPE = "binary/octet-stream";

const METADATA_PREFIX = "x-amz-meta-";

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html, read 2026-11-24. */
const METADATA_BYTES_MAX = 2_048;

const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER",
  "DEEP_ARCHIVE",
  "GLACIER_IR",
]);

/** Parameters of a read that replace headers of its answer. */
const OVERRIDES: Readonly<Record<string, string>> = {
  "response-cache-control": "cache-control",
  "response-content-disposition": "content-disposition",
  "response-content-encoding": "content-encoding",
  "response-content-language": "content-language",
  "response-content-type": "content-type",
  "response-expires": "expires",
};

/** What the headers of a write say of the object. @throws S3Error 400. */
export function describedObject(call: S3Call): ObjectDescription {
  return {
    headers: keptHeaders(call),
    metadata: metadataOf(call),
    tags: tagsOfHeader(headerOf(call, "x-amz-tagging")),
    storageClass: storageClassOf(call),
  };
}

/** The headers of a read's answer, without those of the length. */
export function objectHeaders(object: ObjectRecord, call: S3Call): Record<string, string> {
  const headers: Record<string, string> = {
    ...object.headers,
    etag: `"${object.etag}"`,
    "last-modified": new Date(object.modifiedMs).toUTCString(),
    "accept-ranges": "bytes",
    "x-amz-server-side-encryption": "AES256",
  };
  for (const [name, value] of Object.entries(object.metadata)) {
    headers[METADATA_PREFIX + name] = value;
  }
  if (object.tags.length > 0) headers["x-amz-tagging-count"] = String(object.tags.length);
  if (object.storageClass !== "STANDARD") headers["x-amz-storage-class"] = object.storageClass;
  for (const [parameter, name] of Object.entries(OVERRIDES)) {
    const value = call.query.get(parameter);
    if (value !== null) headers[name] = value;
  }
  return headers;
}

/** The checksum's headers, where the request wants them and the answer has the whole object. */
export function checksumHeaders(
  { checksum }: Pick<ObjectRecord, "checksum">,
  { call, range }: { call: S3Call; range?: ByteRange | undefined },
): Record<string, string> {
  const isWanted = headerOf(call, "x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
  if (checksum === undefined || !isWanted || range !== undefined) return {};
  return {
    [checksumHeader(checksum.algorithm)]: checksum.value,
    "x-amz-checksum-type": checksum.type,
  };
}

export function storageClassOf(call: S3Call): string {
  const storageClass = headerOf(call, "x-amz-storage-class") ?? "STANDARD";
  if (STORAGE_CLASSES.has(storageClass)) return storageClass;
  throw new S3Error("InvalidStorageClass", {
    statusCode: 400,
    message: "The storage class you specified is not valid",
    details: { StorageClassRequested: storageClass },
  });
}

function keptHeaders(call: S3Call): Record<string, string> {
  const headers: Record<string, string> = { "content-type": CONTENT_TYPE };
  for (const name of KEPT_HEADERS) {
    const value = headerOf(call, name);
    if (value === undefined || value === "") continue;
    // What only says how the request is framed is no property of the object.
    const kept =
      name === "content-encoding"
        ? value
            .split(",")
            .filter((encoding) => !isAwsChunked(encoding))
            .join(",")
            .trim()
        : value;
    if (kept !== "") headers[name] = kept;
  }
  return headers;
}

function metadataOf({ headers }: S3Call): Record<string, string> {
  const metadata: Record<string, string> = {};
  let sizeBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(METADATA_PREFIX) || value === undefined) continue;
    const key = name.slice(METADATA_PREFIX.length);
    const text = Array.isArray(value) ? value.join(",") : value;
    metadata[key] = text;
    sizeBytes += key.length + text.length;
  }
  if (sizeBytes <= METADATA_BYTES_MAX) return metadata;
  throw new S3Error("MetadataTooLarge", {
    statusCode: 400,
    message: "Your metadata headers exceed the maximum allowed metadata size",
    details: { Size: String(sizeBytes), MaxSizeAllowed: String(METADATA_BYTES_MAX) },
  });
}
