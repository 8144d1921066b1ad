import fc from "fast-check";
import { validateHeaderValue } from "node:http";
import { describe, expect, test } from "vitest";

import { eventFields, eventHeaders, type RuntimeEvent } from "./runtime-event.ts";

const EVENT: RuntimeEvent = {
  requestId: "r-1",
  invocationId: "i-1",
  invokedArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
  deadlineEpochMs: 1_700_000_000_123,
  payload: Buffer.from("{}"),
};

const CODE_POINT = fc
  .integer({ min: 0, max: 0x10_ffff })
  .map((codePoint) => String.fromCodePoint(codePoint));

function headersOf(event: RuntimeEvent): Record<string, string> {
  const flat = eventHeaders(event);
  return Object.fromEntries(
    flat.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), flat[at + 1] ?? ""]] : [])),
  );
}

describe("eventHeaders", () => {
  test("leaves out what an event does not have", () => {
    expect(headersOf(EVENT)).toEqual({
      "content-type": "application/json",
      "content-length": "2",
      "lambda-runtime-aws-request-id": "r-1",
      "lambda-runtime-deadline-ms": "1700000000123",
      "lambda-runtime-invoked-function-arn": EVENT.invokedArn,
      "lambda-runtime-invocation-id": "i-1",
    });
    expect(headersOf({ ...EVENT, clientContext: "", traceId: "" })).toEqual(headersOf(EVENT));
  });

  test("gives the caller's content type", () => {
    const event = { ...EVENT, contentType: "application/octet-stream" };
    expect(headersOf(event)["content-type"]).toBe("application/octet-stream");
    expect(eventFields(event)).toEqual(eventFields(EVENT));
  });

  test("for every client context, the header is one that node:http sends, and UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: CODE_POINT }), (clientContext) => {
        const value = headersOf({ ...EVENT, clientContext })["lambda-runtime-client-context"] ?? "";
        expect(() => validateHeaderValue("x", value)).not.toThrow();
        const sendable = clientContext.toWellFormed().replaceAll(/[\x00-\x1f\x7f]/g, " ");
        expect(Buffer.from(value, "latin1").toString("utf8")).toBe(sendable);
      }),
    );
  });
});

describe("eventFields", () => {
  test("for every event, are its headers without those of the body", () => {
    const text = fc.option(fc.string({ unit: CODE_POINT }), { nil: undefined });
    fc.assert(
      fc.property(text, text, (clientContext, traceId) => {
        const event = { ...EVENT, clientContext, traceId };
        const headers = headersOf(event);
        delete headers["content-type"];
        delete headers["content-length"];
        const sent = Object.entries(eventFields(event)).map(([name, value]) => [
          name,
          value.toWellFormed().replaceAll(/[\x00-\x1f\x7f]/g, " "),
        ]);
        const received = Object.entries(headers).map(([name, value]) => [
          name,
          Buffer.from(value, "latin1").toString("utf8"),
        ]);
        expect(Object.fromEntries(sent)).toEqual(Object.fromEntries(received));
      }),
    );
  });
});
