import { seededRandom } from "@pilotlight/core/testing";
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

  test("for every one of 100,000 operations, limits hold, no lease is lost and provisioned goes first", () => {
    const seed = 20_261_124;
    const random = seededRandom(seed);
    const pick = (count: number) => Math.floor(random.next() * count);
    const concurrencyMax = 20;
    const ledger = makeLedger({ concurrencyMax });
    const functions = ["one", "two", "three"];
    const versions = ["$LATEST", "1", "2"];
    const reserved = new Map<string, number>();
    const leases: Lease[] = [];
    let nowMs = 0;

    const countOf = (functionName: string) =>
      leases.filter(({ account }) => account.functionName === functionName).length;
    const reservable = (functionName: string) =>
      ledger.unreserved + (reserved.get(functionName) ?? ledger.claimOf(functionName));

    for (let step = 0; step < 100_000; step += 1) {
      const functionName = functions[pick(3)] ?? "";
      const version = versions[pick(3)] ?? "";
      const target = { functionName, version };
      const before = ledger.find(functionName)?.versions.get(version);
      const context = `seed ${seed}, step ${step}`;
      switch (pick(10)) {
        case 0: {
          // As the API checks it: at least the claims, at most what the account has.
          const least = ledger.claimOf(functionName);
          const value = least + pick(4);
          if (value <= reservable(functionName)) {
            ledger.setReserved(functionName, value, nowMs);
            reserved.set(functionName, value);
          }
          break;
        }
        case 1:
          if (
            ledger.claimOf(functionName) <=
            ledger.unreserved + (reserved.get(functionName) ?? 0)
          ) {
            ledger.setReserved(functionName, undefined, nowMs);
            reserved.delete(functionName);
          }
          break;
        case 2: {
          if (version === "$LATEST") break;
          const rest = ledger.claimOf(functionName) - (before?.claim ?? 0);
          const limit = reserved.get(functionName) ?? ledger.unreserved + (before?.claim ?? 0);
          const claim = Math.max(0, Math.min(pick(5), limit - rest));
          ledger.setClaim(target, { claim, qualifier: version }, nowMs);
          ledger.setReady(target, pick(claim + 2));
          break;
        }
        case 3:
        case 4:
        case 5: {
          const lease = leases.splice(pick(leases.length), 1)[0];
          if (lease === undefined) break;
          if (pick(4) === 0) ledger.spill(lease);
          ledger.release(lease);
          break;
        }
        default: {
          const isFree =
            before !== undefined &&
            before.provisionedInUse < before.ready &&
            before.provisionedInUse + before.standInsInUse < before.claim;
          const admission = ledger.acquire(target, nowMs);
          const limit = reserved.get(functionName) ?? concurrencyMax;
          if (admission.kind === "throttled") {
            const isFull = countOf(functionName) >= limit || leases.length >= concurrencyMax;
            expect(isFree && !isFull, context).toBe(false);
            break;
          }
          leases.push(admission.lease);
          expect(admission.lease.kind === "provisioned", context).toBe(isFree);
          expect(countOf(functionName), context).toBeLessThanOrEqual(limit);
        }
      }
      // Long enough for the rate of requests, which has its own tests, to play no part.
      nowMs += pick(2_000);
      if (ledger.inUse !== leases.length || ledger.inUse > concurrencyMax) {
        expect(ledger.inUse, context).toBe(leases.length);
        expect(ledger.inUse, context).toBeLessThanOrEqual(concurrencyMax);
      }
    }
    for (const lease of leases.splice(0)) ledger.release(lease);
    for (const functionName of functions) ledger.forgetFunction(functionName, nowMs);
    expect([ledger.inUse, ledger.unreservedInUse, ledger.unreserved]).toEqual([
      0,
      0,
      concurrencyMax,
    ]);
  });
});
