import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

import { crc32c, crc64Nvme, type RunningChecksum } from "./crc.ts";
import { badDigest, invalidRequest } from "./s3-error.ts";

export const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;

export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** Of the whole object, or of the checksums of its parts. */
export type ChecksumType = "FULL_OBJECT" | "COMPOSITE";

/** The checksum that an object, or a part, is kept with. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64; a composite one ends with `-` and the number of parts. */
  readonly value: string;
}

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** Name of the header and of the trailer with a checksum. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** Name of the element with a checksum. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

export function runningChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case "CRC32":
      return crc32Checksum();
    case "CRC32C":
      return crc32c();
    case "CRC64NVME":
      return crc64Nvme();
    case "SHA1":
    case "SHA256": {
      const hash = createHash(algorithm.toLowerCase());
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
    }
  }
}

/** The checksum of the checksums of all parts, as a composite one has it. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly string[]): string {
  const checksum = runningChecksum(algorithm);
  for (const part of parts) checksum.update(Buffer.from(part, "base64"));
  return `${Buffer.from(checksum.digest()).toString("base64")}-${parts.length}`;
}

/** The algorithm that a value names in any case. @throws S3Error 400 for any other name. */
export function checksumAlgorithm(value: string): ChecksumAlgorithm {
  const found = CHECKSUM_ALGORITHMS.find((known) => known === value.toUpperCase());
  if (found !== undefined) return found;
  throw invalidRequest(
    "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
  );
}

/** Checks that a header holds a checksum of its algorithm's length. @throws S3Error 400. */
export function checkChecksumValue(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, "base64");
  if (bytes.byteLength === DIGEST_BYTES[algorithm] && bytes.toString("base64") === value) return;
  throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
}

/** Compares what was announced with what has come. @throws S3Error BadDigest. */
export function checkChecksum(
  algorithm: ChecksumAlgorithm,
  { expected, computed }: { expected: string; computed: string },
): void {
  if (expected === computed) return;
  throw badDigest(`The ${algorithm} you specified did not match the calculated checksum.`);
}

function crc32Checksum(): RunningChecksum {
  let state = 0;
  return {
    update(bytes) {
      state = crc32(bytes, state);
    },
    digest() {
      const digest = Buffer.alloc(4);
      digest.writeUInt32BE(state);
      return digest;
    },
  };
}
