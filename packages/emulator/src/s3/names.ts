import { invalidArgument, S3Error } from "./s3-error.ts";

const KEY_BYTES_MAX = 1_024;

/** Lower-case letters, digits, dots and hyphens; a letter or digit at both ends. */
const BUCKET_PATTERN = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ADDRESS_PATTERN = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, read 2026-11-24. */
const FORBIDDEN_PREFIXES = ["xn--", "sthree-", "amzn-s3-demo-"];
const FORBIDDEN_SUFFIXES = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/** @throws S3Error InvalidBucketName. */
export function checkBucketName(name: string): void {
  const isValid =
    BUCKET_PATTERN.test(name) &&
    !name.includes("..") &&
    !ADDRESS_PATTERN.test(name) &&
    !FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix)) &&
    !FORBIDDEN_SUFFIXES.some((suffix) => name.endsWith(suffix));
  if (isValid) return;
  throw new S3Error("InvalidBucketName", {
    statusCode: 400,
    message: "The specified bucket is not valid.",
    details: { BucketName: name },
  });
}

/** @throws S3Error KeyTooLongError. */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key);
  if (size <= KEY_BYTES_MAX) return;
  throw new S3Error("KeyTooLongError", {
    statusCode: 400,
    message: "Your key is too long",
    details: { Size: String(size), MaxSizeAllowed: String(KEY_BYTES_MAX) },
  });
}

/**
 * The bucket and the key that a request names, by its host (`bucket.localhost`) or by its path alone.
 *
 * @param path - Percent-encoded, as it came.
 * @throws S3Error InvalidURI when the path is not UTF-8.
 */
export function addressOf({
  virtualBucket,
  path,
}: {
  virtualBucket: string | undefined;
  path: string;
}): { bucket: string; key: string } {
  const decoded = decodedPath(path).slice(1);
  if (virtualBucket !== undefined) return { bucket: virtualBucket.toLowerCase(), key: decoded };
  const slash = decoded.indexOf("/");
  if (slash < 0) return { bucket: decoded, key: "" };
  return { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1) };
}

/**
 * Reads the source of a copy: `bucket/key`, percent-encoded, with a slash in front or without.
 *
 * @throws S3Error InvalidArgument.
 */
export function copySourceOf(header: string): { bucket: string; key: string } {
  const [path = "", version] = header.split("?versionId=");
  const decoded = decodedPath(path.replaceAll("+", "%20")).replace(/^\//, "");
  const slash = decoded.indexOf("/");
  if (slash <= 0 || slash === decoded.length - 1) {
    throw invalidArgument("Invalid copy source object key", {
      name: "x-amz-copy-source",
      value: header,
    });
  }
  if (version !== undefined && version !== "null") {
    throw invalidArgument("Invalid version id specified", { name: "versionId", value: version });
  }
  return { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1) };
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new S3Error("InvalidURI", {
      statusCode: 400,
      message: "Couldn't parse the specified URI.",
      details: { URI: path },
    });
  }
}
