import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { planShutdown } from "./shutdown.ts";

describe("planShutdown", () => {
  test.each([
    ["no extension", { isEmpty: true, hasExternal: false }, 0],
    ["an internal one only", { isEmpty: false, hasExternal: false }, 500],
    ["an external one", { isEmpty: false, hasExternal: true }, 2_000],
  ])("with %s gives AWS's time, three tenths of it to the runtime", (_which, kinds, totalMs) => {
    expect(planShutdown(kinds)).toEqual({ totalMs, runtimeMs: totalMs * 0.3 });
  });

  test("for every bound, takes no longer than it and no longer than AWS", () => {
    const kinds = fc.record({ isEmpty: fc.boolean(), hasExternal: fc.boolean() });
    fc.assert(
      fc.property(kinds, fc.nat(5_000), (extensions, budgetMsMax) => {
        const { totalMs, runtimeMs } = planShutdown(extensions, budgetMsMax);
        expect(totalMs).toBeLessThanOrEqual(budgetMsMax);
        expect(totalMs).toBeLessThanOrEqual(planShutdown(extensions).totalMs);
        expect(runtimeMs).toBeLessThanOrEqual(totalMs);
      }),
    );
  });
});
