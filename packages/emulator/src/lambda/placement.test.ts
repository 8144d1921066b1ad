import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { placeRequest } from "./placement.ts";

const NOTHING = { isProvisioned: false, idle: 0, leaving: 0, waiting: 0 };

describe("placeRequest", () => {
  test("starts an environment where there is none", () => {
    expect(placeRequest(NOTHING)).toBe("start");
  });

  test("starts none that would have to be provisioned", () => {
    expect(placeRequest({ ...NOTHING, isProvisioned: true })).toBe("spill");
  });

  test("prefers an idle environment to one that has answered", () => {
    expect(placeRequest({ ...NOTHING, idle: 1, leaving: 3 })).toBe("reuse");
  });

  test("waits for an environment that has answered and is not promised", () => {
    expect(placeRequest({ ...NOTHING, leaving: 2, waiting: 1 })).toBe("wait");
    expect(placeRequest({ ...NOTHING, leaving: 2, waiting: 2 })).toBe("start");
  });

  test("for every view, a request never waits in vain and never passes by an idle environment", () => {
    const count = fc.nat({ max: 20 });
    const view = fc.record({
      isProvisioned: fc.boolean(),
      idle: count,
      leaving: count,
      waiting: count,
    });
    fc.assert(
      fc.property(view, (given) => {
        const placement = placeRequest(given);
        if (given.idle > 0) return placement === "reuse";
        if (placement === "wait") return given.waiting < given.leaving;
        return placement === (given.isProvisioned ? "spill" : "start");
      }),
    );
  });
});
