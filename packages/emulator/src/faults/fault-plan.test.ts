import { seededRandom } from "@pilotlight/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type FaultOrder, type FaultRequest, readFaultRequest } from "./fault-order.ts";
import { FaultPlan } from "./fault-plan.ts";

function orderOf(request: FaultRequest): FaultOrder {
  const reading = readFaultRequest(request);
  if (reading.kind !== "order") throw new Error(`no order: ${JSON.stringify(reading)}`);
  return reading.order;
}

function planOf(...requests: FaultRequest[]): FaultPlan {
  const plan = new FaultPlan(seededRandom(1), () => undefined);
  for (const request of requests) plan.add(orderOf(request));
  return plan;
}

describe("a fault plan", () => {
  test("strikes once, unless it is told otherwise", () => {
    const plan = planOf({ fault: "crash" });
    expect(plan.take("invoke", { functionName: "f" })).toEqual({ kind: "crash", exitCode: 1 });
    expect(plan.take("invoke", { functionName: "f" })).toBeUndefined();
    expect(plan.list()).toEqual([]);
  });

  test("strikes at its own place only", () => {
    const plan = planOf({ fault: "init-failure" });
    expect(plan.take("invoke", { functionName: "f" })).toBeUndefined();
    expect(plan.take("init", { functionName: "f" })).toEqual({ kind: "init-failure" });
  });

  test("tells whom a fault has struck", () => {
    const struck: unknown[] = [];
    const plan = new FaultPlan(seededRandom(1), (fault, name) => struck.push([fault.kind, name]));
    plan.add(orderOf({ fault: "hang" }));
    plan.take("invoke", { functionName: "f" });
    plan.take("invoke", { functionName: "f" });
    expect(struck).toEqual([["hang", "f"]]);
  });

  test("leaves alone what an order does not name", () => {
    const plan = planOf({ fault: "hang", function: "f" });
    expect(plan.take("invoke", { functionName: "g" })).toBeUndefined();
    expect(plan.take("invoke", { functionName: "f" })).toEqual({ kind: "hang" });
  });

  test("uses up the oldest order first", () => {
    const plan = planOf({ fault: "hang" }, { fault: "throttle" });
    expect(plan.take("invoke", {})).toEqual({ kind: "hang" });
    expect(plan.take("invoke", {})).toEqual({ kind: "throttle" });
  });

  test("tells how often an order has struck and how often it will", () => {
    const plan = planOf({ fault: "hang", count: 3 }, { fault: "throttle", count: "unlimited" });
    plan.take("invoke", {});
    expect(plan.list()).toEqual([
      { id: "fault-1", fault: { kind: "hang" }, probability: 1, struck: 1, left: 2 },
      { id: "fault-2", fault: { kind: "throttle" }, probability: 1, struck: 0, left: "unlimited" },
    ]);
  });

  test("takes back one order, or all of them", () => {
    const plan = planOf({ fault: "hang" }, { fault: "throttle" }, { fault: "init-slow" });
    expect(plan.delete("fault-1")).toBe(true);
    expect(plan.delete("fault-1")).toBe(false);
    expect(plan.clear()).toBe(2);
    expect(plan.list()).toEqual([]);
  });

  test("takes a thousand orders and refuses the next", () => {
    const plan = planOf(...Array.from({ length: 1_000 }, () => ({ fault: "hang" }) as const));
    expect(plan.add(orderOf({ fault: "hang" }))).toBeUndefined();
    plan.take("invoke", {});
    expect(plan.add(orderOf({ fault: "hang" }))).toBe("fault-1001");
  });

  test("for every probability, strikes about that share of the occasions", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.integer(),
        (probability, seed) => {
          const plan = new FaultPlan(seededRandom(seed), () => undefined);
          plan.add(orderOf({ fault: "hang", count: "unlimited", probability }));
          const occasions = 2_000;
          const struck = Array.from({ length: occasions }, () => plan.take("invoke", {})).filter(
            (fault) => fault !== undefined,
          ).length;
          // The standard error is at most 0.0112; 0.07 is six of them.
          expect(Math.abs(struck / occasions - probability)).toBeLessThan(0.07);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("for every mix of orders and occasions, strikes no more often than it was told", () => {
    const order = fc.record({
      fault: fc.constantFrom("hang" as const, "throttle" as const),
      function: fc.constantFrom("f", "g"),
      count: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(
        fc.array(order, { maxLength: 6 }),
        fc.array(fc.constantFrom("f", "g", "h"), { maxLength: 40 }),
        (orders, occasions) => {
          const plan = planOf(...orders);
          const struck = occasions.filter(
            (functionName) => plan.take("invoke", { functionName }) !== undefined,
          );
          for (const name of ["f", "g", "h"]) {
            const wanted = orders
              .filter((one) => one.function === name)
              .reduce((sum, one) => sum + one.count, 0);
            const met = occasions.filter((one) => one === name).length;
            expect(struck.filter((one) => one === name)).toHaveLength(Math.min(wanted, met));
          }
        },
      ),
    );
  });
});
