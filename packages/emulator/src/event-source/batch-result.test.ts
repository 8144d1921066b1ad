import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { batchResult, isAcknowledged } from "./batch-result.ts";

const IDS = new Set(["one", "two"]);

const resultOf = (answer: string) => batchResult(Buffer.from(answer), IDS);

describe("batchResult", () => {
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting-conditions
  test.for([
    '{"batchItemFailures":[]}',
    '{"batchItemFailures":null}',
    "{}",
    "null",
    "[]",
    '""',
    '{"statusCode":200}',
  ])("takes %s for success", (answer) => {
    expect(resultOf(answer)).toEqual({ kind: "all" });
  });

  test.for([
    "not JSON",
    "",
    '"done"',
    "1",
    "[1]",
    '{"batchItemFailures":"one"}',
    '{"batchItemFailures":{"itemIdentifier":"one"}}',
    '{"batchItemFailures":["one"]}',
    '{"batchItemFailures":[null]}',
    '{"batchItemFailures":[{"itemIdentifier":""}]}',
    '{"batchItemFailures":[{"itemIdentifier":null}]}',
    '{"batchItemFailures":[{"itemIdentifier":1}]}',
    '{"batchItemFailures":[{"foo":"one"}]}',
    '{"batchItemFailures":[{"itemIdentifier":"three"}]}',
    '{"batchItemFailures":[{"itemIdentifier":"one"},{"itemIdentifier":"three"}]}',
  ])("takes %s for the failure of the whole batch", (answer) => {
    expect(resultOf(answer)).toEqual({ kind: "none" });
  });

  test("for every report of ids of the batch, acknowledges exactly the others", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 10 }),
        fc.array(fc.nat(20)),
        (ids, picks) => {
          const failed = picks.map((pick) => ids[pick % ids.length] ?? "");
          const answer = {
            batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })),
          };
          const result = batchResult(Buffer.from(JSON.stringify(answer)), new Set(ids));
          for (const id of ids) expect(isAcknowledged(result, id)).toBe(!failed.includes(id));
        },
      ),
      { seed: 20_261_124 },
    );
  });
});
