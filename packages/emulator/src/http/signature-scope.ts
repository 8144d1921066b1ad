import type { IncomingHttpHeaders } from "node:http";

import { virtualHost } from "./foreign-request.ts";

/** Scope in a Signature Version 4 header: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`. */
const HEADER_PATTERN = /Credential=[^/,]+\/\d{8}\/[^/,]+\/([^/,]+)\/aws4_request/;

/** The same in the query of a presigned URL, `X-Amz-Credential`. */
const QUERY_PATTERN = /^[^/]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request$/;

/** Signature Version 2 has no scope; of the services here, only S3 takes it. */
const VERSION_2_PREFIX = "AWS ";

/**
 * The service that a request is signed for, in a header or as a presigned URL; `undefined` when it is not signed.
 *
 * A request to the host of a bucket is one for S3, signed or not.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, read 2026-11-24.
 */
export function signatureScope({
  headers,
  query,
}: {
  headers: IncomingHttpHeaders;
  query: URLSearchParams;
}): string | undefined {
  const { authorization = "" } = headers;
  const inHeader = HEADER_PATTERN.exec(authorization)?.[1];
  if (inHeader !== undefined) return inHeader;
  const inQuery = QUERY_PATTERN.exec(query.get("X-Amz-Credential") ?? "")?.[1];
  if (inQuery !== undefined) return inQuery;
  const isVersion2 =
    authorization.startsWith(VERSION_2_PREFIX) ||
    (query.has("AWSAccessKeyId") && query.has("Signature"));
  return isVersion2 || virtualHost(headers.host) !== undefined ? "s3" : undefined;
}
