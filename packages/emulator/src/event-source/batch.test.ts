import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { ReceivedMessage } from "../sqs/contract.ts";
import { batchEntry, batchPayload, EMPTY_BATCH, nextReceive, withEntry } from "./batch.ts";
import { mappingSettings } from "./testing/settings.ts";

const message = (body: string): ReceivedMessage => ({
  messageId: "4a4ca5e3-0a4c-4a3f-8f58-6d2d3d3e1f10",
  receiptHandle: "handle",
  body,
  md5OfBody: "digest",
  messageAttributes: {},
  md5OfMessageAttributes: undefined,
  systemAttributes: {},
  groupId: undefined,
});

const entryOf = (body: string) =>
  batchEntry(message(body), {
    queueArn: "arn:aws:sqs:us-east-1:000000000000:q",
    visibleAgainMs: 1,
  });

describe("withEntry", () => {
  test("for every list of messages, counts the bytes of the event and keeps them to 6 MB", () => {
    const body = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.integer({ min: 0, max: 3_000_000 }).map((length) => '"'.repeat(length)),
    );
    fc.assert(
      fc.property(fc.array(body, { maxLength: 6 }), (bodies) => {
        let batch = EMPTY_BATCH;
        const taken: string[] = [];
        for (const text of bodies) {
          const larger = withEntry(batch, entryOf(text), { nowMs: 0, windowSec: 0 });
          if (larger === undefined) continue;
          batch = larger;
          taken.push(text);
        }
        const payload = Buffer.from(batchPayload(batch));
        expect(payload.byteLength).toBe(batch.bytes);
        expect(batch.bytes <= 6_291_456 || taken.length === 1).toBe(true);
        const event = JSON.parse(payload.toString()) as { Records: { body: string }[] };
        expect(event.Records.map((record) => record.body)).toEqual(taken);
      }),
      { numRuns: 40, seed: 20_261_124 },
    );
  });
});

describe("nextReceive", () => {
  test("asks for ten messages at most, and waits 20 s for a first one", () => {
    const settings = mappingSettings({ batchSize: 25, windowSec: 5 });
    expect(nextReceive(EMPTY_BATCH, { settings, nowMs: 0 })).toEqual({
      messagesMax: 10,
      waitMs: 20_000,
    });
  });

  test("asks for what is missing until the window ends", () => {
    const settings = mappingSettings({ batchSize: 4, windowSec: 5 });
    const batch = withEntry(EMPTY_BATCH, entryOf("a"), { nowMs: 1_000, windowSec: 5 });
    if (batch === undefined) throw new Error("a first message always fits");
    expect(nextReceive(batch, { settings, nowMs: 2_000 })).toEqual({
      messagesMax: 3,
      waitMs: 4_000,
    });
    expect(nextReceive(batch, { settings, nowMs: 6_000 })).toBeUndefined();
    const single = mappingSettings({ batchSize: 1, windowSec: 5 });
    expect(nextReceive(batch, { settings: single, nowMs: 2_000 })).toBeUndefined();
  });
});
