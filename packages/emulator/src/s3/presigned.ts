import { accessDenied, S3Error } from "./s3-error.ts";

/** A week: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, read 2026-11-24. */
const EXPIRES_SEC_MAX = 604_800;

/** How far a signer's clock may be ahead of S3's. */
const SKEW_MS_MAX = 900_000;

const REQUIRED = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
] as const;

/** Parameters of the signature itself; all others in `x-amz-` stand for headers. */
const SIGNATURE_PARAMETERS: ReadonlySet<string> = new Set([
  ...REQUIRED.map((name) => name.toLowerCase()),
  "x-amz-security-token",
  "x-amz-content-sha256",
]);

/**
 * Checks when a presigned URL is valid; the signature itself is not verified.
 *
 * @param nowMs - Real time, epoch milliseconds.
 * @throws S3Error 403 before and after its time, 400 when it is no presigned URL.
 */
export function checkPresigned(query: URLSearchParams, nowMs: number): void {
  if (query.has("X-Amz-Credential") || query.has("X-Amz-Algorithm")) checkVersion4(query, nowMs);
  else if (query.has("AWSAccessKeyId")) checkVersion2(query, nowMs);
}

/**
 * Headers that a presigned URL has among its parameters.
 *
 * A checksum among them is ignored, as on AWS: SDKs sign the one of an empty body into the address of an upload whose
 * body they do not know yet.
 */
export function presignedHeaders(query: URLSearchParams): Record<string, string> {
  if (!query.has("X-Amz-Credential")) return {};
  return Object.fromEntries(
    [...query]
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(
        ([name]) =>
          name.startsWith("x-amz-") &&
          !SIGNATURE_PARAMETERS.has(name) &&
          !name.startsWith("x-amz-checksum-crc") &&
          !name.startsWith("x-amz-checksum-sha") &&
          name !== "x-amz-sdk-checksum-algorithm",
      ),
  );
}

function checkVersion4(query: URLSearchParams, nowMs: number): void {
  if (REQUIRED.some((name) => !query.has(name))) {
    throw parametersError(
      "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
    );
  }
  const expires = query.get("X-Amz-Expires") ?? "";
  if (!/^-?\d+$/.test(expires)) throw parametersError("X-Amz-Expires should be a number");
  const expiresSec = Number(expires);
  if (expiresSec < 0) throw parametersError("X-Amz-Expires must be non-negative");
  if (expiresSec > EXPIRES_SEC_MAX) {
    throw parametersError("X-Amz-Expires must be less than a week (in seconds) that is 604800");
  }
  const signedMs = basicTimeMs(query.get("X-Amz-Date") ?? "");
  if (signedMs === undefined) {
    throw parametersError("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  if (signedMs > nowMs + SKEW_MS_MAX) throw accessDenied("Request is not yet valid");
  const endMs = signedMs + expiresSec * 1000;
  if (nowMs > endMs) throw expired({ endMs, nowMs, details: { "X-Amz-Expires": expires } });
}

function checkVersion2(query: URLSearchParams, nowMs: number): void {
  const expires = query.get("Expires") ?? "";
  if (!query.has("Signature") || !/^\d{1,12}$/.test(expires)) {
    throw accessDenied(
      "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
    );
  }
  const endMs = Number(expires) * 1000;
  if (nowMs > endMs) throw expired({ endMs, nowMs, details: {} });
}

function expired(parts: {
  endMs: number;
  nowMs: number;
  details: Readonly<Record<string, string>>;
}): S3Error {
  return accessDenied("Request has expired", {
    ...parts.details,
    Expires: secondsTime(parts.endMs),
    ServerTime: secondsTime(parts.nowMs),
  });
}

function parametersError(message: string): S3Error {
  return new S3Error("AuthorizationQueryParametersError", { statusCode: 400, message });
}

/** `20261124T120000Z` in epoch milliseconds. */
function basicTimeMs(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function secondsTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, "Z");
}
