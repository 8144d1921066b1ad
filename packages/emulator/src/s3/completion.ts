import { CHECKSUM_ALGORITHMS, checksumElement } from "./checksum.ts";
import type { PartRecord } from "./records.ts";
import { malformedXml, S3Error } from "./s3-error.ts";
import type { UploadState } from "./s3-state.ts";
import { listOf, membersOf, type ReadXml, readXml, textOf } from "./xml.ts";

/** Every part but the last: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, read 2026-11-24. */
const PART_BYTES_MIN = 5_242_880;

/**
 * Reads the body of CompleteMultipartUpload.
 *
 * @returns The parts that the object will have, in their order.
 * @throws S3Error 400 when they are not those that were uploaded.
 */
export function parseCompletion(text: string, { record, parts }: UploadState): PartRecord[] {
  const { uploadId } = record;
  const listed = listOf(readXml(text, "CompleteMultipartUpload")["Part"]).map(membersOf);
  if (listed.length === 0) throw malformedXml();
  const numbers = listed.map(partNumberOf);
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0))) {
    throw new S3Error("InvalidPartOrder", {
      statusCode: 400,
      message:
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
      details: { UploadId: uploadId },
    });
  }
  const chosen = listed.map((members, index) => {
    const number = numbers[index] ?? 0;
    const part = parts.get(number);
    const etag = (textOf(members["ETag"]) ?? "").replaceAll('"', "");
    if (part !== undefined && part.etag === etag && hasItsChecksum(members, part)) return part;
    throw invalidPart({ uploadId, number, etag });
  });
  for (const part of chosen.slice(0, -1)) checkSize(part);
  return chosen;
}

function partNumberOf(members: Readonly<Record<string, ReadXml>>): number {
  const text = textOf(members["PartNumber"]);
  if (members["ETag"] === undefined || text === undefined) throw malformedXml();
  const number = Number(text);
  if (!Number.isInteger(number)) throw malformedXml();
  return number;
}

function hasItsChecksum(
  members: Readonly<Record<string, ReadXml>>,
  { checksum }: PartRecord,
): boolean {
  return CHECKSUM_ALGORITHMS.every((algorithm) => {
    const given = textOf(members[checksumElement(algorithm)]);
    if (given === undefined) return true;
    return checksum?.algorithm === algorithm && checksum.value === given;
  });
}

function checkSize({ segment, number, etag }: PartRecord): void {
  if (segment.sizeBytes >= PART_BYTES_MIN) return;
  throw new S3Error("EntityTooSmall", {
    statusCode: 400,
    message: "Your proposed upload is smaller than the minimum allowed size",
    details: {
      ProposedSize: String(segment.sizeBytes),
      MinSizeAllowed: String(PART_BYTES_MIN),
      PartNumber: String(number),
      ETag: etag,
    },
  });
}

function invalidPart(details: { uploadId: string; number: number; etag: string }): S3Error {
  return new S3Error("InvalidPart", {
    statusCode: 400,
    message:
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    details: {
      UploadId: details.uploadId,
      PartNumber: String(details.number),
      ETag: details.etag,
    },
  });
}
