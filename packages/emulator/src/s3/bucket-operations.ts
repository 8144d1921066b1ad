import {
  emptyReply,
  headerOf,
  isoTime,
  type S3Call,
  type S3Context,
  type S3Reply,
  xmlReply,
} from "./call.ts";
import { OWNER_ID } from "./event-record.ts";
import { xmlBody } from "./incoming-body.ts";
import { itemsMax } from "./list-parameters.ts";
import { listingOf } from "./listing.ts";
import { checkBucketName } from "./names.ts";
import { invalidArgument, S3Error } from "./s3-error.ts";
import { readXml, textOf, writeXml } from "./xml.ts";

const REGION = "us-east-1";

/** As many as AWS gives by default: https://docs.aws.amazon.com/general/latest/gr/s3.html, read 2026-11-24. */
const BUCKETS_MAX = 10_000;

export async function createBucket({ store }: S3Context, call: S3Call): Promise<S3Reply> {
  const { bucket: name } = call;
  checkBucketName(name);
  const location = locationOf(await xmlBody(call));
  const existing = store.buckets.get(name);
  // In us-east-1, and nowhere else, making one's own bucket again succeeds.
  if (existing === undefined) {
    if (store.buckets.size >= BUCKETS_MAX) {
      throw new S3Error("TooManyBuckets", {
        statusCode: 400,
        message: "You have attempted to create more buckets than allowed",
      });
    }
    const createdMs = store.wallClock.epochMs();
    store.commit({ type: "bucket", bucket: { name, createdMs, location } });
  } else if (location !== "") {
    throw new S3Error("BucketAlreadyOwnedByYou", {
      statusCode: 409,
      message: "Your previous request to create the named bucket succeeded and you already own it.",
      details: { BucketName: name },
    });
  }
  return emptyReply(200, { Location: `/${name}` });
}

export function headBucket({ store }: S3Context, call: S3Call): S3Reply {
  const { record } = store.bucket(call.bucket);
  return emptyReply(200, {
    "x-amz-bucket-region": record.location || REGION,
    "x-amz-access-point-alias": "false",
    "Content-Type": "application/xml",
  });
}

export function deleteBucket({ store }: S3Context, call: S3Call): S3Reply {
  if (store.bucket(call.bucket).objects.size > 0) {
    throw new S3Error("BucketNotEmpty", {
      statusCode: 409,
      message: "The bucket you tried to delete is not empty",
      details: { BucketName: call.bucket },
    });
  }
  store.commit({ type: "bucket-deleted", name: call.bucket });
  return emptyReply(204);
}

export function listBuckets({ store }: S3Context, { query }: S3Call): S3Reply {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token");
  const { keys, next } = listingOf(store.buckets, {
    prefix,
    delimiter: "",
    after: after === null ? "" : Buffer.from(after, "base64url").toString(),
    itemsMax: itemsMax(query, {
      name: "max-buckets",
      otherwise: BUCKETS_MAX,
      largest: BUCKETS_MAX,
    }),
  });
  const Bucket = keys.map((name) => {
    const { createdMs, location } = store.bucket(name).record;
    const paged = query.has("max-buckets") || after !== null;
    return {
      Name: name,
      CreationDate: isoTime(createdMs),
      BucketRegion: paged ? location || REGION : undefined,
    };
  });
  return xmlReply(
    writeXml("ListAllMyBucketsResult", {
      Owner: { ID: OWNER_ID },
      Buckets: Bucket.length === 0 ? "" : { Bucket },
      ContinuationToken: next === undefined ? undefined : Buffer.from(next).toString("base64url"),
      Prefix: prefix === "" ? undefined : prefix,
    }),
  );
}

export function getBucketLocation({ store }: S3Context, call: S3Call): S3Reply {
  const { location } = store.bucket(call.bucket).record;
  return xmlReply(writeXml("LocationConstraint", { "#text": location }));
}

/** Versioning cannot be switched on here, so that it is as in a bucket where nobody has. */
export function getBucketVersioning({ store }: S3Context, call: S3Call): S3Reply {
  store.bucket(call.bucket);
  return xmlReply(writeXml("VersioningConfiguration", {}));
}

/** Tells clients that ask for a region what they may call it. */
export function checkExpectedOwner(call: S3Call): void {
  const owner = headerOf(call, "x-amz-expected-bucket-owner");
  if (owner === undefined || owner === "000000000000") return;
  if (/^\d{12}$/.test(owner)) {
    throw new S3Error("AccessDenied", { statusCode: 403, message: "Access Denied" });
  }
  throw invalidArgument(
    "The value of the expected bucket owner parameter must be an AWS account ID",
    {
      name: "x-amz-expected-bucket-owner",
      value: owner,
    },
  );
}

function locationOf(body: string): string {
  if (body.trim() === "") return "";
  const location = textOf(readXml(body, "CreateBucketConfiguration")["LocationConstraint"]) ?? "";
  if (location === "" || /^(?:EU|[a-z]{2}(?:-[a-z]+)+-\d)$/.test(location)) {
    if (location !== REGION) return location;
  }
  throw new S3Error("InvalidLocationConstraint", {
    statusCode: 400,
    message: "The specified location-constraint is not valid",
    details: { LocationConstraint: location },
  });
}
