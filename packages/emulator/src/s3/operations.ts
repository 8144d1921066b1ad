import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from "./bucket-operations.ts";
import type { S3Call, S3Operation } from "./call.ts";
import { copyObject } from "./copy-operations.ts";
import {
  deleteObjectTagging,
  getObjectAttributes,
  getObjectTagging,
  putObjectTagging,
} from "./detail-operations.ts";
import { listObjects, listObjectsV2, listObjectVersions } from "./list-operations.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
} from "./multipart-operations.ts";
import {
  getNotificationConfiguration,
  putNotificationConfiguration,
} from "./notification-operations.ts";
import { deleteObject, deleteObjects, getObject, putObject } from "./object-operations.ts";
import { methodNotAllowed, notImplemented, S3Error } from "./s3-error.ts";
import { listMultipartUploads, listParts } from "./upload-lists.ts";

type Resource = "SERVICE" | "BUCKET" | "OBJECT";

/** One operation: the requests that it answers, and what answers them. */
interface Entry {
  readonly resource: Resource;
  readonly method: string;
  /** A parameter of the query that must be there. */
  readonly parameter: string | undefined;
  readonly isCopy: boolean;
  readonly operation: string;
  readonly run: S3Operation;
}

/** @param pattern - Resource and method, `BUCKET GET`, with a parameter `?name` and `copy` where they tell it apart. */
function entry(pattern: string, operation: string, run: S3Operation): Entry {
  const [resource = "", method = "", ...rest] = pattern.split(" ");
  return {
    resource: resource as Resource,
    method,
    parameter: rest.find((word) => word.startsWith("?"))?.slice(1),
    isCopy: rest.includes("copy"),
    operation,
    run,
  };
}

/** The first that matches counts. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html, read 2026-11-24. */
const ENTRIES: readonly Entry[] = [
  entry("SERVICE GET", "ListBuckets", listBuckets),
  entry("BUCKET GET ?location", "GetBucketLocation", getBucketLocation),
  entry("BUCKET GET ?versioning", "GetBucketVersioning", getBucketVersioning),
  entry(
    "BUCKET GET ?notification",
    "GetBucketNotificationConfiguration",
    getNotificationConfiguration,
  ),
  entry(
    "BUCKET PUT ?notification",
    "PutBucketNotificationConfiguration",
    putNotificationConfiguration,
  ),
  entry("BUCKET GET ?uploads", "ListMultipartUploads", listMultipartUploads),
  entry("BUCKET GET ?versions", "ListObjectVersions", listObjectVersions),
  entry("BUCKET GET ?list-type", "ListObjectsV2", listObjectsV2),
  entry("BUCKET POST ?delete", "DeleteObjects", deleteObjects),
  entry("BUCKET GET", "ListObjects", listObjects),
  entry("BUCKET PUT", "CreateBucket", createBucket),
  entry("BUCKET HEAD", "HeadBucket", headBucket),
  entry("BUCKET DELETE", "DeleteBucket", deleteBucket),
  entry("OBJECT PUT ?uploadId copy", "UploadPartCopy", uploadPartCopy),
  entry("OBJECT PUT ?uploadId", "UploadPart", uploadPart),
  entry("OBJECT PUT ?tagging", "PutObjectTagging", putObjectTagging),
  entry("OBJECT PUT copy", "CopyObject", copyObject),
  entry("OBJECT PUT", "PutObject", putObject),
  entry("OBJECT GET ?uploadId", "ListParts", listParts),
  entry("OBJECT GET ?tagging", "GetObjectTagging", getObjectTagging),
  entry("OBJECT GET ?attributes", "GetObjectAttributes", getObjectAttributes),
  entry("OBJECT GET", "GetObject", getObject),
  entry("OBJECT HEAD", "HeadObject", getObject),
  entry("OBJECT POST ?uploads", "CreateMultipartUpload", createMultipartUpload),
  entry("OBJECT POST ?uploadId", "CompleteMultipartUpload", completeMultipartUpload),
  entry("OBJECT DELETE ?uploadId", "AbortMultipartUpload", abortMultipartUpload),
  entry("OBJECT DELETE ?tagging", "DeleteObjectTagging", deleteObjectTagging),
  entry("OBJECT DELETE", "DeleteObject", deleteObject),
];

/** Parameters that name a part of a bucket or an object; without an entry above they must not be taken for the whole. */
const SUBRESOURCES: ReadonlySet<string> = new Set([
  "accelerate",
  "acl",
  "analytics",
  "attributes",
  "cors",
  "delete",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "location",
  "logging",
  "metadataConfiguration",
  "metadataTable",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "renameObject",
  "replication",
  "requestPayment",
  "restore",
  "retention",
  "select",
  "session",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versioning",
  "versions",
  "website",
]);

/** What a bucket answers that nobody has configured, by the parameter that asks for the configuration. */
const UNCONFIGURED: Readonly<Record<string, readonly [code: string, message: string]>> = {
  policy: ["NoSuchBucketPolicy", "The bucket policy does not exist"],
  cors: ["NoSuchCORSConfiguration", "The CORS configuration does not exist"],
  lifecycle: ["NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"],
  tagging: ["NoSuchTagSet", "The TagSet does not exist"],
  website: [
    "NoSuchWebsiteConfiguration",
    "The specified bucket does not have a website configuration",
  ],
  replication: [
    "ReplicationConfigurationNotFoundError",
    "The replication configuration was not found",
  ],
};

/**
 * Finds what answers a request.
 *
 * @throws S3Error 405 for a method that the resource has not, 501 for what the emulator has not.
 */
export function operationOf(call: S3Call): S3Operation {
  const resource = resourceOf(call);
  const subresource = [...call.query.keys()].find((name) => SUBRESOURCES.has(name));
  const found = ENTRIES.find(
    (candidate) =>
      candidate.resource === resource &&
      candidate.method === call.method &&
      (candidate.parameter === undefined
        ? subresource === undefined
        : call.query.has(candidate.parameter)) &&
      (!candidate.isCopy || call.headers["x-amz-copy-source"] !== undefined),
  );
  if (found !== undefined) return found.run;
  if (subresource === undefined) throw methodNotAllowed(call.method, resource);
  const unconfigured = UNCONFIGURED[subresource];
  if (resource === "BUCKET" && call.method === "GET" && unconfigured !== undefined) {
    return ({ store }) => {
      const [code, message] = unconfigured;
      store.bucket(call.bucket);
      throw new S3Error(code, { statusCode: 404, message, details: { BucketName: call.bucket } });
    };
  }
  const known = ENTRIES.map(({ operation }) => operation).join(", ");
  throw notImplemented(
    `${call.method} with ?${subresource} is no operation that this emulator has; it has ${known}.`,
  );
}

function resourceOf({ bucket, key }: S3Call): Resource {
  if (bucket === "") return "SERVICE";
  return key === "" ? "BUCKET" : "OBJECT";
}
