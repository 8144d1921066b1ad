import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { placeRequest } from "./placement.ts";

const NOTHING = { idle: 0, leaving: 0, waiting: 0, concurrency: 0, concurrencyMax: 10 };

describe("placeRequest", () => {
  test("starts an environment where there is none", () => {
    expect(placeRequest(NOTHING)).toBe("start");
  });

  test("prefers an idle environment to one that has answered", () => {
    expect(placeRequest({ ...NOTHING, idle: 1, leaving: 3 })).toBe("reuse");
  });

  test("waits for an environment that has answered and is not promised", () => {
    expect(placeRequest({ ...NOTHING, leaving: 2, waiting: 1 })).toBe("wait");
    expect(placeRequest({ ...NOTHING, leaving: 2, waiting: 2 })).toBe("start");
  });

  test("throttles at the limit, also where an environment is idle", () => {
    expect(placeRequest({ ...NOTHING, idle: 5, concurrency: 10 })).toBe("throttle");
    expect(placeRequest({ ...NOTHING, idle: 5, concurrency: 9 })).toBe("reuse");
  });

  test("for every view, below the limit a request is never refused and never waits in vain", () => {
    const count = fc.nat({ max: 20 });
    fc.assert(
      fc.property(
        fc.record({ idle: count, leaving: count, waiting: count, concurrency: count }),
        (view) => {
          const placement = placeRequest({ ...view, concurrencyMax: 10 });
          if (view.concurrency >= 10) return placement === "throttle";
          if (placement === "wait") return view.idle === 0 && view.waiting < view.leaving;
          return placement === (view.idle > 0 ? "reuse" : "start");
        },
      ),
    );
  });
});
