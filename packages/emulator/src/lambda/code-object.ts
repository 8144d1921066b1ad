import { LAMBDA_LIMITS } from "@pilotlight/core";

import type { ObjectReader } from "../s3/contract.ts";
import { invalidParameter } from "./aws-error.ts";
import { type RequestMembers, stringMember } from "./function-input.ts";

/** A ZIP file from S3 may be as large as what is in it. */
export const CODE_OBJECT_BYTES_MAX = LAMBDA_LIMITS.unzippedBytesMax;

/** No object here has another version than this one. */
const ONLY_VERSION = "null";

/**
 * Reads the deployment package that S3Bucket and S3Key name.
 *
 * @returns The ZIP file; `undefined` when they name none.
 * @throws AwsError 400 with S3's own words when it cannot be read.
 */
export async function codeObject(
  objects: ObjectReader,
  members: RequestMembers,
): Promise<Uint8Array | undefined> {
  const bucket = stringMember(members, "S3Bucket");
  const key = stringMember(members, "S3Key");
  if (bucket === undefined || key === undefined) return undefined;
  const version = stringMember(members, "S3ObjectVersion") ?? ONLY_VERSION;
  if (version !== ONLY_VERSION) {
    throw unreadable("GetObjectVersion", {
      code: "NoSuchVersion",
      message: "The specified version does not exist.",
    });
  }
  const reading = await objects.read({ bucket, key }, { bytesMax: CODE_OBJECT_BYTES_MAX });
  if (reading.kind === "read") return reading.bytes;
  if (reading.code === "EntityTooLarge") {
    throw invalidParameter(
      `Unzipped size must be smaller than ${LAMBDA_LIMITS.unzippedBytesMax} bytes`,
    );
  }
  throw unreadable("GetObject", reading);
}

function unreadable(operation: string, { code, message }: { code: string; message: string }) {
  return invalidParameter(
    `Error occurred while ${operation}. S3 Error Code: ${code}. S3 Error Message: ${message}`,
  );
}
