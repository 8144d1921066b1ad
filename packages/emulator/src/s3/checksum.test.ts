import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checkChecksumValue,
  compositeChecksum,
  runningChecksum,
} from "./checksum.ts";

function digest(algorithm: ChecksumAlgorithm, pieces: readonly Uint8Array[]): string {
  const checksum = runningChecksum(algorithm);
  for (const piece of pieces) checksum.update(piece);
  return Buffer.from(checksum.digest()).toString("hex");
}

const algorithm = fc.constantFrom(...CHECKSUM_ALGORITHMS);

describe("runningChecksum", () => {
  // The check values of the digits 1 to 9: the catalogue of parametrised CRC algorithms (reveng), FIPS 180-4 by sha1sum.
  test.each([
    ["CRC32", "cbf43926"],
    ["CRC32C", "e3069283"],
    ["CRC64NVME", "ae8b14860a799888"],
    ["SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
    ["SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
  ] as const)("gives the check value of %s", (name, expected) => {
    expect(digest(name, [Buffer.from("123456789")])).toBe(expected);
  });

  test("for every content and every way to cut it, is the same", () => {
    fc.assert(
      fc.property(algorithm, fc.array(fc.uint8Array({ maxLength: 50 })), (name, pieces) => {
        expect(digest(name, pieces)).toBe(digest(name, [Buffer.concat(pieces)]));
      }),
    );
  });

  test("for every content, a changed bit changes it", () => {
    fc.assert(
      fc.property(
        algorithm,
        fc.uint8Array({ minLength: 1, maxLength: 50 }),
        fc.nat(),
        (name, content, seed) => {
          const changed = content.slice();
          const index = seed % content.length;
          changed[index] = (changed[index] ?? 0) ^ (1 << (seed % 8));
          expect(digest(name, [changed])).not.toBe(digest(name, [content]));
        },
      ),
    );
  });
});

describe("compositeChecksum", () => {
  test("is the checksum of the parts' checksums, with their number", () => {
    // Derived with Python: base64.b64encode(sha256(sha256(b"a").digest() + sha256(b"b").digest()).digest())
    const parts = ["a", "b"].map((text) =>
      Buffer.from(digest("SHA256", [Buffer.from(text)]), "hex").toString("base64"),
    );
    expect(compositeChecksum("SHA256", parts)).toBe(
      "5aAf7hTg7VxIcU8iGA8lrYNltT+XefedxKPX6Tlj+Uo=-2",
    );
  });
});

describe("checkChecksumValue", () => {
  test.each(["AAAA", "AAAAAAAA", "AAAAAA", "not base64!", ""])(
    "refuses %j for a CRC32",
    (value) => {
      expect(() => checkChecksumValue("CRC32", value)).toThrow(
        "Value for x-amz-checksum-crc32 header is invalid.",
      );
    },
  );
});
