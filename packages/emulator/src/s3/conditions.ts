import { notImplemented, noSuchKey, preconditionFailed, type S3Error } from "./s3-error.ts";

/** What conditions are judged by. */
export interface Subject {
  /** Without its quotation marks. */
  readonly etag: string;
  readonly modifiedMs: number;
}

/** The conditions of a request, by whatever headers they came in. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
}

/** What becomes of a read: the object, 304 without a body, or 412. */
export type ReadVerdict = "send" | "not_modified" | { readonly failed: string };

/**
 * Judges the conditions of a read; the tag counts more than the time.
 *
 * @see RFC 9110, section 13.2.2, and https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, read 2026-11-24.
 */
export function readVerdict(conditions: Conditions, subject: Subject): ReadVerdict {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!matchesTag(ifMatch, subject.etag)) return { failed: "If-Match" };
  } else if (isBefore(ifUnmodifiedSince, subject)) {
    return { failed: "If-Unmodified-Since" };
  }
  if (ifNoneMatch !== undefined) {
    return matchesTag(ifNoneMatch, subject.etag) ? "not_modified" : "send";
  }
  const isKnown = ifModifiedSince !== undefined && !Number.isNaN(Date.parse(ifModifiedSince));
  return isKnown && !isBefore(ifModifiedSince, subject) ? "not_modified" : "send";
}

/**
 * Judges the conditions of a copy's source, which knows no 304.
 *
 * @returns The error of the condition that does not hold.
 */
export function copyRefusal(conditions: Conditions, subject: Subject): S3Error | undefined {
  const verdict = readVerdict(conditions, subject);
  if (verdict === "send") return undefined;
  if (verdict !== "not_modified") {
    return preconditionFailed(`x-amz-copy-source-${verdict.failed}`);
  }
  const name = conditions.ifNoneMatch === undefined ? "If-Modified-Since" : "If-None-Match";
  return preconditionFailed(`x-amz-copy-source-${name}`);
}

/**
 * Judges the conditions of a write or of a deletion.
 *
 * @param subject - What the key holds; `undefined` when it holds nothing.
 * @returns The error of the condition that does not hold.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html, read 2026-11-24.
 */
export function writeRefusal(
  { ifMatch, ifNoneMatch }: Conditions,
  { subject, key }: { subject: Subject | undefined; key: string },
): S3Error | undefined {
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") {
    return notImplemented("A header you provided implies functionality that is not implemented", {
      Header: "If-None-Match",
      additionalMessage: "We don't accept the provided value of If-None-Match header for this API",
    });
  }
  if (ifNoneMatch !== undefined && subject !== undefined)
    return preconditionFailed("If-None-Match");
  if (ifMatch === undefined) return undefined;
  if (subject === undefined) return noSuchKey(key);
  return matchesTag(ifMatch, subject.etag) ? undefined : preconditionFailed("If-Match");
}

function matchesTag(list: string, etag: string): boolean {
  return list.split(",").some((one) => {
    const tag = one.trim().replace(/^W\//, "").replaceAll('"', "");
    return tag === "*" || tag === etag;
  });
}

/** Whether a date is before the last change, to the second, as HTTP dates are; a date that is none is not. */
function isBefore(date: string | undefined, { modifiedMs }: Subject): boolean {
  if (date === undefined) return false;
  const ms = Date.parse(date);
  return !Number.isNaN(ms) && ms < Math.floor(modifiedMs / 1000) * 1000;
}
