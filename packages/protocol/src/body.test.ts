import type { ErrorCode } from "@pilotlight/core";

import { describe, expect, test } from "vitest";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";

import { decompressed } from "./body.ts";
import { REQUEST_LIMITS } from "./request-limits.ts";

const body = Buffer.from('{"inputs":[]}'.repeat(50));

function codeOf(attempt: () => unknown): ErrorCode | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return (error as { code: ErrorCode }).code;
  }
}

function inflate(encoding: string, bytes: Uint8Array): Uint8Array {
  return decompressed({ body: bytes, headers: { "content-encoding": encoding } });
}

describe("decompressed", () => {
  test.each([
    ["gzip", gzipSync(body)],
    ["x-gzip", gzipSync(body)],
    ["GZIP", gzipSync(body)],
    ["deflate", deflateSync(body)],
    ["deflate", deflateRawSync(body)],
    ["identity", body],
    ["", body],
  ])("undoes %j", (encoding, bytes) => {
    expect(Buffer.from(inflate(encoding, bytes)).equals(body)).toBe(true);
  });

  test.each(["br", "zstd", "gzip, gzip", "gzip, deflate", "nonsense"])(
    "refuses the encoding %j",
    (encoding) => {
      expect(codeOf(() => inflate(encoding, body))).toBe("ERR_ENCODING_UNSUPPORTED");
    },
  );

  test.each([
    ["truncated gzip", "gzip", gzipSync(body).subarray(0, 20)],
    ["no gzip at all", "gzip", body],
    ["an empty body", "gzip", Buffer.alloc(0)],
    ["truncated deflate", "deflate", deflateSync(body).subarray(0, 9)],
    ["no deflate at all", "deflate", body],
  ])("refuses %s", (_, encoding, bytes) => {
    expect(codeOf(() => inflate(encoding, bytes))).toBe("ERR_BODY_MALFORMED");
  });

  test("refuses a bomb", () => {
    const bomb = gzipSync(Buffer.alloc(REQUEST_LIMITS.bodyBytesMax + 1), { level: 1 });
    expect(codeOf(() => inflate("gzip", bomb))).toBe("ERR_BODY_TOO_LARGE");
  });

  test("refuses a plain body above the same bound", () => {
    const large = new Uint8Array(REQUEST_LIMITS.bodyBytesMax + 1);
    expect(codeOf(() => inflate("", large))).toBe("ERR_BODY_TOO_LARGE");
  });
});
