import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { FAULT_KINDS, FAULT_NAMES } from "./fault-kind.ts";
import { readFaultRequest } from "./fault-order.ts";

const refusalOf = (value: unknown) => {
  const reading = readFaultRequest(value);
  return reading.kind === "refused" ? reading.reason : undefined;
};

describe("readFaultRequest", () => {
  test.each(FAULT_NAMES)("takes %s alone, with every default filled in", (fault) => {
    const reading = readFaultRequest({ fault });
    expect(reading).toMatchObject({
      kind: "order",
      order: { fault: { kind: fault }, name: undefined, count: 1, probability: 1 },
    });
  });

  test.each(FAULT_NAMES)("takes all that %s can have", (fault) => {
    const { selector, parameter } = FAULT_KINDS[fault];
    const name = selector === "hop" ? "aws-endpoint" : "some-name";
    const reading = readFaultRequest({
      fault,
      [selector]: name,
      count: "unlimited",
      probability: 0.5,
      ...(parameter === undefined ? {} : { [parameter.name]: parameter.max }),
    });
    expect(reading).toMatchObject({
      order: {
        fault: { kind: fault, ...(parameter && { [parameter.name]: parameter.max }) },
        name,
        count: Number.POSITIVE_INFINITY,
        probability: 0.5,
      },
    });
  });

  test.each([
    [null, "a fault is a JSON object"],
    [[], "a fault is a JSON object"],
    [{}, '"fault" must be one of init-failure'],
    [{ fault: "earthquake" }, 'got "earthquake"'],
    [{ fault: "crash", queue: "q" }, 'does not take "queue"; it takes fault, function, count'],
    [{ fault: "crash", delayMs: 5 }, 'does not take "delayMs"'],
    [{ fault: "crash", exitCode: 0 }, '"exitCode" must be an integer from 1 to 255; got 0'],
    [{ fault: "crash", count: 0 }, '"count" must be an integer from 1'],
    [{ fault: "crash", count: 1.5 }, '"count" must be an integer from 1'],
    [{ fault: "crash", probability: 0 }, '"probability" must be a number above 0'],
    [{ fault: "crash", probability: 1.1 }, '"probability" must be a number above 0'],
    [{ fault: "crash", function: 7 }, '"function" must be a name; got 7'],
    [{ fault: "slow-network", hop: "moon" }, '"hop" must be one of http-api'],
  ])("refuses %j", (value, reason) => {
    expect(refusalOf(value)).toContain(reason);
  });

  test("takes what is done at once, to one function or to all", () => {
    expect(readFaultRequest({ fault: "reap-all" })).toEqual({
      kind: "action",
      action: "reap-all",
      functionName: undefined,
    });
    expect(readFaultRequest({ fault: "recycle-one", function: "f" })).toEqual({
      kind: "action",
      action: "recycle-one",
      functionName: "f",
    });
    expect(refusalOf({ fault: "reap-all", count: 2 })).toContain('does not take "count"');
  });

  test("reads whatever it gets without throwing, for every JSON value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(["order", "action", "refused"]).toContain(readFaultRequest(value).kind);
      }),
    );
  });
});
