import { describe, expect, test } from "vitest";

import { type Admission, ConcurrencyLedger, type Lease } from "./ledger.ts";

const NO_RATE = 1_000_000;

function makeLedger({ concurrencyMax = 100, requestsPerSecondMax = NO_RATE } = {}) {
  return new ConcurrencyLedger({ concurrencyMax, requestsPerSecondMax });
}

function reasonOf(admission: Admission): string {
  return admission.kind === "granted" ? admission.lease.kind : admission.reason;
}

function granted(admission: Admission): Lease {
  if (admission.kind === "granted") return admission.lease;
  throw new Error(admission.reason);
}

const one = { functionName: "one", version: "1" };
const latest = { functionName: "one", version: "$LATEST" };
const other = { functionName: "other", version: "$LATEST" };

describe("ConcurrencyLedger", () => {
  test("throttles the request above the account's limit, whichever function it is for", () => {
    const ledger = makeLedger({ concurrencyMax: 2 });
    ledger.acquire(latest, 0);
    const lease = granted(ledger.acquire(other, 0));
    expect(reasonOf(ledger.acquire(latest, 0))).toBe("ConcurrentInvocationLimitExceeded");
    ledger.release(lease);
    expect(reasonOf(ledger.acquire(latest, 0))).toBe("on-demand");
  });

  test("throttles a function above its reservation with the reason of its own", () => {
    const ledger = makeLedger();
    ledger.setReserved("one", 1, 0);
    ledger.acquire(latest, 0);
    expect(reasonOf(ledger.acquire(latest, 0))).toBe(
      "ReservedFunctionConcurrentInvocationLimitExceeded",
    );
    expect(reasonOf(ledger.acquire(other, 0))).toBe("on-demand");
  });

  test("keeps a reservation free for its function, however busy the others are", () => {
    const ledger = makeLedger({ concurrencyMax: 10 });
    ledger.setReserved("one", 4, 0);
    for (let count = 0; count < 6; count += 1) ledger.acquire(other, 0);
    expect(reasonOf(ledger.acquire(other, 0))).toBe("ConcurrentInvocationLimitExceeded");
    expect(reasonOf(ledger.acquire(latest, 0))).toBe("on-demand");
  });

  test("throttles everything of a function whose reservation is zero, provisioned or not", () => {
    const ledger = makeLedger();
    ledger.setClaim(one, { claim: 1, qualifier: "1" }, 0);
    ledger.setReady(one, 1);
    ledger.setReserved("one", 0, 0);
    expect(reasonOf(ledger.acquire(one, 0))).toBe(
      "ReservedFunctionConcurrentInvocationLimitExceeded",
    );
  });

  test("gives a version its ready environments first and spills over then", () => {
    const ledger = makeLedger();
    ledger.setClaim(one, { claim: 2, qualifier: "live" }, 0);
    ledger.setReady(one, 2);
    const kinds = [1, 2, 3].map(() => reasonOf(ledger.acquire(one, 0)));
    expect(kinds).toEqual(["provisioned", "provisioned", "on-demand"]);
  });

  test("lets a version run on demand within its claim while its environments are not ready", () => {
    const ledger = makeLedger();
    ledger.setReserved("one", 1, 0);
    ledger.setClaim(one, { claim: 1, qualifier: "1" }, 0);
    expect(reasonOf(ledger.acquire(latest, 0))).toBe(
      "ReservedFunctionConcurrentInvocationLimitExceeded",
    );
    expect(reasonOf(ledger.acquire(one, 0))).toBe("stand-in");
    expect(reasonOf(ledger.acquire(one, 0))).toBe(
      "ReservedFunctionConcurrentInvocationLimitExceeded",
    );
  });

  test("counts a claim against the account from the first moment, idle or not", () => {
    const ledger = makeLedger({ concurrencyMax: 10 });
    ledger.setClaim(one, { claim: 8, qualifier: "1" }, 0);
    expect(ledger.unreserved).toBe(2);
    const kinds = [1, 2, 3].map(() => reasonOf(ledger.acquire(other, 0)));
    expect(kinds).toEqual(["on-demand", "on-demand", "ConcurrentInvocationLimitExceeded"]);
  });

  test("counts what is in use until it ends where a claim is taken away", () => {
    const ledger = makeLedger({ concurrencyMax: 10 });
    ledger.setClaim(one, { claim: 8, qualifier: "1" }, 0);
    ledger.setReady(one, 8);
    const lease = granted(ledger.acquire(one, 0));
    ledger.setClaim(one, { claim: 0, qualifier: "1" }, 0);
    expect(ledger.unreserved).toBe(9);
    ledger.release(lease);
    expect(ledger.unreserved).toBe(10);
  });

  test("leaves a tenth of a small account unreserved, and 100 of a large one", () => {
    expect(makeLedger({ concurrencyMax: 256 }).unreservedMin).toBe(25);
    expect(makeLedger({ concurrencyMax: 1_000 }).unreservedMin).toBe(100);
    expect(makeLedger({ concurrencyMax: 5_000 }).unreservedMin).toBe(100);
  });

  test("throttles above ten requests a second for each reserved concurrency, and refills continuously", () => {
    const ledger = makeLedger();
    ledger.setReserved("one", 1, 0);
    const request = (nowMs: number) => {
      const admission = ledger.acquire(latest, nowMs);
      if (admission.kind === "granted") ledger.release(admission.lease);
      return reasonOf(admission);
    };
    for (let count = 0; count < 10; count += 1) expect(request(0)).toBe("on-demand");
    expect(request(99)).toBe("ReservedFunctionInvocationRateLimitExceeded");
    expect(request(100)).toBe("on-demand");
    expect(request(100)).toBe("ReservedFunctionInvocationRateLimitExceeded");
  });

  test("throttles a function without a reservation at the account's rate", () => {
    const ledger = makeLedger({ requestsPerSecondMax: 20 });
    for (let count = 0; count < 20; count += 1) ledger.release(granted(ledger.acquire(latest, 0)));
    expect(reasonOf(ledger.acquire(latest, 0))).toBe("FunctionInvocationRateLimitExceeded");
    expect(reasonOf(ledger.acquire(other, 0))).toBe("on-demand");
  });

  test("spills over what exceeds ten requests a second for each provisioned environment", () => {
    const ledger = makeLedger();
    ledger.setClaim(one, { claim: 1, qualifier: "1" }, 0);
    ledger.setReady(one, 1);
    const kinds = Array.from({ length: 11 }, () => {
      const lease = granted(ledger.acquire(one, 0));
      ledger.release(lease);
      return lease.kind;
    });
    expect(kinds).toEqual([...Array.from({ length: 10 }, () => "provisioned"), "on-demand"]);
  });

  test("lets a function start 1,000 environments at once and 1,000 more in the next 10 seconds", () => {
    const ledger = makeLedger();
    const lease = granted(ledger.acquire(latest, 0));
    const started = (nowMs: number) => {
      let count = 0;
      while (ledger.takeStart(lease, nowMs)) count += 1;
      return count;
    };
    expect(started(0)).toBe(1_000);
    expect(started(5_000)).toBe(500);
    expect(started(15_000)).toBe(1_000);
    expect(started(60_000)).toBe(1_000);
  });

  test("forgets a deleted function when the last of its invocations has an answer", () => {
    const ledger = makeLedger({ concurrencyMax: 10 });
    ledger.setReserved("one", 5, 0);
    const lease = granted(ledger.acquire(latest, 0));
    ledger.forgetFunction("one", 0);
    expect(ledger.unreserved).toBe(10);
    expect(ledger.find("one")).toBeDefined();
    ledger.release(lease);
    expect(ledger.find("one")).toBeUndefined();
    expect(ledger.inUse).toBe(0);
  });
});
