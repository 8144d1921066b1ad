import { seededRandom } from "@pilotlight/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { checkRouting, chosenVersion, routingMember } from "./alias-routing.ts";
import { AwsError } from "./aws-error.ts";

const weights = (given: unknown) => ({ RoutingConfig: { AdditionalVersionWeights: given } });

describe("chosenVersion", () => {
  test("sends every request to the first version where there is no weight", () => {
    expect(chosenVersion({ functionVersion: "1" }, { next: () => 0 })).toBe("1");
  });

  test("for every weight, the second version gets that share of the requests", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer(), (weight, seed) => {
        const random = seededRandom(seed);
        const alias = { functionVersion: "1", routing: { version: "2", weight } };
        const requests = 2_000;
        const second = Array.from({ length: requests }, () => chosenVersion(alias, random)).filter(
          (version) => version === "2",
        ).length;
        // Five standard deviations of a binomial share: sqrt(p (1 - p) / n) is at most 0.0112 here.
        expect(Math.abs(second / requests - weight)).toBeLessThan(0.056);
      }),
      { numRuns: 50 },
    );
  });
});

test.each([
  [0, ["1"]],
  [1, ["2"]],
])("a weight of %d leaves one version", (weight, versions) => {
  const random = seededRandom(1);
  const alias = { functionVersion: "1", routing: { version: "2", weight } };
  const seen = new Set(Array.from({ length: 100 }, () => chosenVersion(alias, random)));
  expect([...seen]).toEqual(versions);
});

describe("routingMember", () => {
  test("tells a member that is not there from one that has no weights", () => {
    expect(routingMember({}).change.kind).toBe("unchanged");
    expect(routingMember({ RoutingConfig: {} }).change.kind).toBe("none");
    expect(routingMember(weights({})).change.kind).toBe("none");
  });

  test("reads one weight", () => {
    expect(routingMember(weights({ "2": 0.25 }))).toEqual({
      change: { kind: "weighted", routing: { version: "2", weight: 0.25 } },
      failures: [],
    });
  });

  test.each([
    [{ "2": 1.5 }, ["{2=1.5}", "Map value"]],
    [{ "2": -1 }, ["{2=-1.0}", "Map value"]],
    [{ "2": null }, ["{2=null}", "Map value"]],
    [{ live: 0.5 }, ["{live=0.5}", "Map keys"]],
  ])("says what breaks the constraints in %j", (given, texts) => {
    const { failures } = routingMember(weights(given));
    expect(failures).toHaveLength(1);
    for (const text of texts) expect(failures[0]).toContain(text);
  });

  test("counts a bad key and a bad value as two failures", () => {
    expect(routingMember(weights({ live: 2 })).failures).toHaveLength(2);
  });
});

describe("checkRouting", () => {
  const weighted = { kind: "weighted", routing: { version: "2", weight: 0.5 } } as const;

  test("takes another published version", () => {
    expect(() => checkRouting(weighted, "1")).not.toThrow();
  });

  test.each([
    [{ kind: "several" } as const, "1", "Number of items in AdditionalVersionWeights"],
    [weighted, "2", "Function version 2 is already included in routing configuration."],
    [weighted, "$LATEST", "$LATEST is not supported for an alias pointing to more than 1 version"],
  ])("refuses %j beside version %s", (change, functionVersion, text) => {
    expect(() => checkRouting(change, functionVersion)).toThrow(AwsError);
    expect(() => checkRouting(change, functionVersion)).toThrow(text);
  });
});
