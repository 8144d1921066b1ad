import {
  emptyReply,
  headerOf,
  type S3Call,
  type S3Context,
  type S3Reply,
  xmlReply,
} from "./call.ts";
import { checksumHeader } from "./checksum.ts";
import { type Conditions, readVerdict, writeRefusal } from "./conditions.ts";
import type { ByteRange } from "./content-files.ts";
import { checksumHeaders, describedObject, objectHeaders } from "./description.ts";
import { hasBodyDigest, IncomingBody, xmlBody } from "./incoming-body.ts";
import { checkKey } from "./names.ts";
import { rangeOf } from "./range.ts";
import type { ObjectRecord } from "./records.ts";
import {
  invalidArgument,
  invalidRequest,
  malformedXml,
  preconditionFailed,
  S3Error,
} from "./s3-error.ts";
import { listOf, membersOf, readXml, textOf, writeXml } from "./xml.ts";

/** Keys of one DeleteObjects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html, read 2026-11-24. */
const DELETIONS_MAX = 1_000;

export async function putObject({ store }: S3Context, call: S3Call): Promise<S3Reply> {
  const { bucket, key } = call;
  checkKey(key);
  const check = () => {
    const subject = store.bucket(bucket).objects.get(key);
    const refusal = writeRefusal(conditionsOf(call), { subject, key });
    if (refusal !== undefined) throw refusal;
    store.checkRoom();
  };
  check();
  const description = describedObject(call);
  const body = new IncomingBody(call, { needsLength: true });
  const segment = await store.files.write(body.content());
  const { etag, checksum } = body;
  await orRemove(store, { segments: [segment] }, () => {
    // Another writer may have been faster.
    check();
    const object: ObjectRecord = {
      ...description,
      key,
      segments: [segment],
      sizeBytes: segment.sizeBytes,
      etag,
      modifiedMs: store.wallClock.epochMs(),
      ...(checksum !== undefined && { checksum }),
    };
    store.commit(
      { type: "object", name: bucket, object },
      { ...call, name: "s3:ObjectCreated:Put" },
    );
  });
  return emptyReply(200, {
    ETag: `"${etag}"`,
    "x-amz-server-side-encryption": "AES256",
    ...(checksum !== undefined && {
      [checksumHeader(checksum.algorithm)]: checksum.value,
      "x-amz-checksum-type": checksum.type,
    }),
  });
}

export function getObject({ store }: S3Context, call: S3Call): S3Reply {
  const object = store.object(call.bucket, call.key);
  checkVersion(call);
  const headers = objectHeaders(object, call);
  const verdict = readVerdict(conditionsOf(call), object);
  if (verdict === "not_modified") return emptyReply(304, headers);
  if (verdict !== "send") throw preconditionFailed(verdict.failed);
  const { range, partHeaders } = requestedRange(object, call);
  const length = range === undefined ? object.sizeBytes : range.last - range.first + 1;
  return {
    statusCode: range === undefined ? 200 : 206,
    headers: {
      ...headers,
      ...checksumHeaders(object, { call, range }),
      ...partHeaders,
      "content-length": String(length),
      ...(range !== undefined && {
        "content-range": `bytes ${range.first}-${range.last}/${object.sizeBytes}`,
      }),
    },
    stream: call.method === "HEAD" ? undefined : store.files.read(object.segments, range),
  };
}

export function deleteObject({ store }: S3Context, call: S3Call): S3Reply {
  const { bucket, key } = call;
  checkVersion(call);
  const subject = store.bucket(bucket).objects.get(key);
  const { ifMatch } = conditionsOf(call);
  const refusal = writeRefusal({ ifMatch }, { subject, key });
  if (refusal !== undefined) throw refusal;
  if (subject !== undefined) {
    store.commit(
      { type: "object-deleted", name: bucket, key },
      { ...call, name: "s3:ObjectRemoved:Delete" },
    );
  }
  return emptyReply(204);
}

export async function deleteObjects({ store }: S3Context, call: S3Call): Promise<S3Reply> {
  const { objects } = store.bucket(call.bucket);
  if (!hasBodyDigest(call)) {
    throw invalidRequest(
      "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
    );
  }
  const members = readXml(await xmlBody(call), "Delete");
  const keys = listOf(members["Object"]).map((object) => {
    const key = textOf(membersOf(object)["Key"]);
    if (key === undefined || key === "") throw malformedXml();
    return key;
  });
  if (keys.length === 0 || keys.length > DELETIONS_MAX) throw malformedXml();
  for (const key of keys) {
    if (objects.get(key) === undefined) continue;
    store.commit(
      { type: "object-deleted", name: call.bucket, key },
      { ...call, key, name: "s3:ObjectRemoved:Delete" },
    );
  }
  const isQuiet = textOf(members["Quiet"])?.trim().toLowerCase() === "true";
  const Deleted = isQuiet ? undefined : keys.map((Key) => ({ Key }));
  return xmlReply(writeXml("DeleteResult", { Deleted }));
}

/** The conditions of a request for an object. */
export function conditionsOf(call: S3Call): Conditions {
  return {
    ifMatch: headerOf(call, "if-match"),
    ifNoneMatch: headerOf(call, "if-none-match"),
    ifModifiedSince: headerOf(call, "if-modified-since"),
    ifUnmodifiedSince: headerOf(call, "if-unmodified-since"),
  };
}

/** Runs the end of a write; what was written goes when it fails. */
export async function orRemove(
  { files }: S3Context["store"],
  { segments }: Pick<ObjectRecord, "segments">,
  run: () => void,
): Promise<void> {
  try {
    run();
  } catch (error) {
    await files.remove(segments);
    throw error;
  }
}

/** An object has one version, `null`. @throws S3Error 400 for another one. */
export function checkVersion({ query }: Pick<S3Call, "query">): void {
  const versionId = query.get("versionId");
  if (versionId === null || versionId === "null") return;
  throw invalidArgument("Invalid version id specified", { name: "versionId", value: versionId });
}

interface RequestedRange {
  readonly range?: ByteRange | undefined;
  readonly partHeaders?: Readonly<Record<string, string>>;
}

function requestedRange(object: ObjectRecord, call: S3Call): RequestedRange {
  const header = headerOf(call, "range");
  const partNumber = call.query.get("partNumber");
  if (partNumber !== null) {
    if (header !== undefined) {
      throw invalidRequest("Cannot specify both Range header and partNumber query parameter");
    }
    return partRange(object, partNumber);
  }
  const range = rangeOf(header, object.sizeBytes);
  if (range === "whole") return {};
  if (range !== "unsatisfiable") return { range };
  throw new S3Error("InvalidRange", {
    statusCode: 416,
    message: "The requested range is not satisfiable",
    details: { RangeRequested: header ?? "", ActualObjectSize: String(object.sizeBytes) },
  });
}

function partRange(
  { partNumbers, segments, sizeBytes }: ObjectRecord,
  value: string,
): RequestedRange {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw invalidArgument("Part number must be an integer between 1 and 10000, inclusive", {
      name: "partNumber",
      value,
    });
  }
  const index = (partNumbers ?? [1]).indexOf(number);
  const segment = segments[index];
  if (segment === undefined) {
    throw new S3Error("InvalidPartNumber", {
      statusCode: 416,
      message: "The requested partnumber is not satisfiable",
      details: { PartNumberRequested: value, ActualPartCount: String(segments.length) },
    });
  }
  const first = segments.slice(0, index).reduce((sum, before) => sum + before.sizeBytes, 0);
  const partHeaders =
    partNumbers === undefined ? {} : { "x-amz-mp-parts-count": String(partNumbers.length) };
  if (sizeBytes === 0) return { partHeaders };
  return { range: { first, last: first + segment.sizeBytes - 1 }, partHeaders };
}
