import { EventStreamCodec } from "@smithy/eventstream-codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { invokeCompleteFrame, payloadChunkFrame } from "./event-stream.ts";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => Buffer.from(text, "utf8"),
);

describe("payloadChunkFrame", () => {
  test("for every part, a client reads its bytes back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (part) => {
        const { headers, body } = codec.decode(payloadChunkFrame(part));
        expect(Buffer.from(body).equals(part)).toBe(true);
        expect(headers).toMatchObject({
          ":message-type": { value: "event" },
          ":event-type": { value: "PayloadChunk" },
        });
      }),
    );
  });

  test("has the length that the format gives it", () => {
    const part = Buffer.from("abc");
    const frame = Buffer.from(payloadChunkFrame(part));
    // Total length and length of the headers, a checksum, the headers, the part, a checksum: 4 + 4 + 4 + h + 3 + 4.
    expect(frame.readUInt32BE(0)).toBe(frame.byteLength);
    expect(frame.byteLength).toBe(16 + frame.readUInt32BE(4) + part.byteLength);
  });
});

describe("invokeCompleteFrame", () => {
  test("for every error, a client reads code and details back", () => {
    const text = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(text, text, (ErrorCode, ErrorDetails) => {
        const { headers, body } = codec.decode(invokeCompleteFrame({ ErrorCode, ErrorDetails }));
        expect(JSON.parse(Buffer.from(body).toString("utf8"))).toEqual({ ErrorCode, ErrorDetails });
        expect(headers[":event-type"]?.value).toBe("InvokeComplete");
      }),
    );
  });
});
