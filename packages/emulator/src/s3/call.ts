import type { Reply } from "../http/reply.ts";
import type { StreamedReply } from "../http/streamed-reply.ts";
import type { StreamedRequest } from "../service.ts";
import type { S3Store } from "./s3-store.ts";

/** A request to S3, its bucket and key read. */
export interface S3Call extends StreamedRequest {
  /** Empty for a request to the service itself. */
  readonly bucket: string;
  /** Empty for a request to a bucket. */
  readonly key: string;
  /** Both are in the answer, and in the events that the call causes. */
  readonly requestId: string;
  readonly hostId: string;
  /** The trace that the caller says it is part of; notifications carry it on. */
  readonly traceId: string | undefined;
}

/** What the operations work with. */
export interface S3Context {
  readonly store: S3Store;
}

export type S3Reply = Reply | StreamedReply;

export type S3Operation = (context: S3Context, call: S3Call) => S3Reply | Promise<S3Reply>;

/** The header's value, where the request has one; several lines count as one. */
export function headerOf({ headers }: Pick<S3Call, "headers">, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** A reply with an XML body. */
export function xmlReply(xml: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { statusCode: 200, headers: { "Content-Type": "application/xml", ...headers }, body: xml };
}

/** A reply without a body. */
export function emptyReply(
  statusCode: number,
  headers: Readonly<Record<string, string>> = {},
): S3Reply {
  return { statusCode, headers, body: "" };
}

/** A time as XML has it: milliseconds are always zero in S3's. */
export function isoTime(epochMs: number): string {
  return new Date(Math.floor(epochMs / 1000) * 1000).toISOString();
}
