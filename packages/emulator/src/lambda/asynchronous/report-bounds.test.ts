import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { EventConclusion, ReportTarget } from "./event.ts";
import { deliveryOf } from "./invocation-record.ts";
import { boundedReport } from "./report-bounds.ts";
import { eventOf } from "./testing/queue-world.ts";

const EVENT = eventOf("a");
const DESTINATION: ReportTarget = {
  kind: "destination",
  arn: "arn:aws:sqs:us-east-1:000000000000:records",
};
const DEAD_LETTERS: ReportTarget = {
  kind: "dead_letter_queue",
  arn: "arn:aws:sqs:us-east-1:000000000000:dead",
};

function concluded(payload: string): EventConclusion {
  return {
    condition: "RetriesExhausted",
    invokeCount: 3,
    epochMs: 0,
    answer: { payload, version: "$LATEST", isFunctionError: true },
    statusCode: 200,
    error: undefined,
  };
}

/** A JSON answer with which the record of the event has so many bytes. */
function answerOfRecord(bytes: number): string {
  const empty = deliveryOf(EVENT, concluded('""'), DESTINATION).body;
  return `"${"x".repeat(bytes - Buffer.byteLength(empty))}"`;
}

describe("boundedReport", () => {
  test("leaves a record of 1 MiB as it is", () => {
    const report = { conclusion: concluded(answerOfRecord(1_048_576)), targets: [DESTINATION] };
    expect(boundedReport(EVENT, report)).toEqual({ report, refusals: [] });
  });

  test("leaves destinations out that cannot take the record, and the answer with them", () => {
    const conclusion = concluded(answerOfRecord(1_048_577));
    const { report, refusals } = boundedReport(EVENT, {
      conclusion,
      targets: [DEAD_LETTERS, DESTINATION],
    });
    expect(report.targets).toEqual([DEAD_LETTERS]);
    expect(report.conclusion.answer?.payload.length).toBeLessThan(1_100);
    expect(refusals).toEqual([
      expect.stringMatching(/:records has 1048577 bytes, and a destination takes 1048576/),
    ]);
  });

  test("for every answer, a dead letter is the one that the whole answer gives", () => {
    const text = fc.string({ unit: "binary", maxLength: 1_500 });
    const payload = fc.oneof(
      text,
      fc.json(),
      text.map((errorMessage) => JSON.stringify({ errorMessage, stack: errorMessage })),
    );
    fc.assert(
      fc.property(payload, (answered) => {
        const conclusion = concluded(answered);
        const { report } = boundedReport(EVENT, { conclusion, targets: [DEAD_LETTERS] });
        expect(deliveryOf(EVENT, report.conclusion, DEAD_LETTERS)).toEqual(
          deliveryOf(EVENT, conclusion, DEAD_LETTERS),
        );
      }),
      { numRuns: 40 },
    );
  });
});
