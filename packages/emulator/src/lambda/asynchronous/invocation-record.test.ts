import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { EventConclusion, OfferedEvent } from "./event.ts";
import { deliveryOf, invocationRecord } from "./invocation-record.ts";

const event: OfferedEvent = {
  requestId: "request-1",
  reference: { name: "fn", qualifier: undefined },
  payload: Buffer.from('{"large":9007199254740993}'),
  contentType: undefined,
  traceId: "Root=1-0-0",
};
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:records";
const BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default";

function concluded(more: Partial<EventConclusion> = {}): EventConclusion {
  return {
    condition: "RetriesExhausted",
    invokeCount: 3,
    epochMs: Date.UTC(2025, 10, 24, 23, 11, 5, 123),
    answer: {
      payload: '{"errorMessage":"broken","errorType":"Error","trace":[]}',
      version: "$LATEST",
      isFunctionError: true,
    },
    statusCode: 200,
    error: undefined,
    ...more,
  };
}

describe("invocationRecord", () => {
  test("has the members that were recorded on AWS, and the payloads digit by digit", () => {
    expect(invocationRecord(event, concluded())).toBe(
      '{"version":"1.0","timestamp":"2025-11-24T23:11:05.123Z",' +
        '"requestContext":{"requestId":"request-1",' +
        '"functionArn":"arn:aws:lambda:us-east-1:000000000000:function:fn:$LATEST",' +
        '"condition":"RetriesExhausted","approximateInvokeCount":3},' +
        '"requestPayload":{"large":9007199254740993},' +
        '"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},' +
        '"responsePayload":{"errorMessage":"broken","errorType":"Error","trace":[]}}',
    );
  });

  test("has no response where the function did not run, and names the alias that was called", () => {
    const called = { ...event, reference: { name: "fn", qualifier: "live" } };
    const record = JSON.parse(
      invocationRecord(
        called,
        concluded({ condition: "ZeroReservedConcurrency", invokeCount: 0, answer: undefined }),
      ),
    ) as { requestContext: { functionArn: string } };
    expect(record).not.toHaveProperty("responseContext");
    expect(record).not.toHaveProperty("responsePayload");
    expect(record.requestContext.functionArn).toMatch(/:function:fn:live$/);
  });

  test("for every payload and every answer, JSON or not, the record is JSON with both in it", () => {
    const text = fc.oneof(fc.json(), fc.string());
    fc.assert(
      fc.property(text, text, (payload, answered) => {
        const answer = { payload: answered, version: "1", isFunctionError: false };
        const record = JSON.parse(
          invocationRecord(
            { ...event, payload: Buffer.from(payload) },
            concluded({ condition: "Success", answer }),
          ),
        ) as { requestPayload: unknown; responsePayload: unknown };
        expect(record.requestPayload).toEqual(jsonOrText(payload));
        expect(record.responsePayload).toEqual(jsonOrText(answered));
      }),
    );
  });
});

describe("deliveryOf", () => {
  test("gives a dead-letter queue the event itself, and what went wrong as attributes", () => {
    const delivery = deliveryOf(event, concluded(), { kind: "dead_letter_queue", arn: QUEUE });
    expect(delivery).toEqual({
      body: '{"large":9007199254740993}',
      attributes: {
        RequestID: { dataType: "String", stringValue: "request-1" },
        ErrorCode: { dataType: "Number", stringValue: "200" },
        ErrorMessage: { dataType: "String", stringValue: "broken" },
      },
      traceId: "Root=1-0-0",
    });
  });

  test("cuts a dead letter's error message to its first kilobyte, between characters", () => {
    const payload = JSON.stringify({ errorMessage: `a${"ä".repeat(1_000)}` });
    const answer = { payload, version: "1", isFunctionError: true };
    const delivery = deliveryOf(event, concluded({ answer }), {
      kind: "dead_letter_queue",
      arn: QUEUE,
    });
    // One byte and 511 characters of two bytes are 1,023 bytes; the next character would end at 1,025.
    expect(delivery.attributes?.["ErrorMessage"]?.stringValue).toBe(`a${"ä".repeat(511)}`);
  });

  test("leaves out of a dead letter's error message what SQS refuses", () => {
    const payload = JSON.stringify({ errorMessage: "a\u0000b\uFFFFc\n\u{1F600}" });
    const answer = { payload, version: "1", isFunctionError: true };
    const target = { kind: "dead_letter_queue", arn: QUEUE } as const;
    const { attributes } = deliveryOf(event, concluded({ answer }), target);
    expect(attributes?.["ErrorMessage"]?.stringValue).toBe("abc\n\u{1F600}");
  });

  test("tells a throttled event's status and text", () => {
    const conclusion = concluded({ answer: undefined, statusCode: 429, error: "Rate Exceeded." });
    const { attributes } = deliveryOf(event, conclusion, { kind: "dead_letter_queue", arn: QUEUE });
    expect(attributes?.["ErrorCode"]?.stringValue).toBe("429");
    expect(attributes?.["ErrorMessage"]?.stringValue).toBe("Rate Exceeded.");
  });

  test.each([
    ["Success", "Lambda Function Invocation Result - Success"],
    ["EventAgeExceeded", "Lambda Function Invocation Result - Failure"],
  ] as const)("is an event for a bus: %s is %s", (condition, detailType) => {
    const conclusion = concluded({ condition });
    expect(deliveryOf(event, conclusion, { kind: "destination", arn: BUS })).toEqual({
      body: invocationRecord(event, conclusion),
      event: {
        source: "lambda",
        detailType,
        resources: [BUS, "arn:aws:lambda:us-east-1:000000000000:function:fn:$LATEST"],
      },
      traceId: "Root=1-0-0",
    });
  });
});

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
