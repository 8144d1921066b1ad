import { seededRandom } from "@pilotlight/core/testing";
import { expect, test } from "vitest";

import { ConcurrencyLedger, type Lease } from "./ledger.ts";

const FUNCTIONS = ["one", "two", "three"];
const VERSIONS = ["$LATEST", "1", "2"];
const CONCURRENCY_MAX = 20;

/** A ledger under random operations, beside a plain list of its leases; it notes what should not be. */
class RandomOperations {
  readonly violations: string[] = [];
  readonly ledger = new ConcurrencyLedger({
    concurrencyMax: CONCURRENCY_MAX,
    requestsPerSecondMax: 1_000_000,
  });
  readonly #pick: (count: number) => number;
  readonly #reserved = new Map<string, number>();
  readonly #leases: Lease[] = [];
  #step = 0;
  #nowMs = 0;

  constructor(seed: number) {
    const random = seededRandom(seed);
    this.#pick = (count) => Math.floor(random.next() * count);
  }

  step(): void {
    this.#step += 1;
    // Long enough for the rate of requests, which has its own tests, to play no part.
    this.#nowMs += this.#pick(2_000);
    const functionName = FUNCTIONS[this.#pick(FUNCTIONS.length)] ?? "";
    const version = VERSIONS[this.#pick(VERSIONS.length)] ?? "";
    const kind = this.#pick(10);
    if (kind === 0) this.#reserve(functionName);
    else if (kind === 1) this.#unreserve(functionName);
    else if (kind === 2) this.#claim(functionName, version);
    else if (kind <= 5) this.#release();
    else this.#acquire(functionName, version);
    this.#hold(this.ledger.inUse === this.#leases.length, "a lease is lost");
    this.#hold(this.ledger.inUse <= CONCURRENCY_MAX, "the account is above its limit");
  }

  /** Gives everything back. */
  end(): void {
    for (const lease of this.#leases.splice(0)) this.ledger.release(lease);
    for (const functionName of FUNCTIONS) this.ledger.forgetFunction(functionName, this.#nowMs);
  }

  /** As the API checks it: at least what is provisioned, at most what the account has. */
  #reserve(functionName: string): void {
    const { ledger } = this;
    const claim = ledger.claimOf(functionName);
    const value = claim + this.#pick(4);
    if (value > ledger.unreserved + (this.#reserved.get(functionName) ?? claim)) return;
    ledger.setReserved(functionName, value, this.#nowMs);
    this.#reserved.set(functionName, value);
  }

  #unreserve(functionName: string): void {
    this.ledger.setReserved(functionName, undefined, this.#nowMs);
    this.#reserved.delete(functionName);
  }

  #claim(functionName: string, version: string): void {
    if (version === "$LATEST") return;
    const { ledger } = this;
    const own = ledger.find(functionName)?.versions.get(version)?.claim ?? 0;
    const rest = ledger.claimOf(functionName) - own;
    const limit = this.#reserved.get(functionName) ?? rest + own + ledger.unreserved;
    const claim = Math.max(0, Math.min(this.#pick(5), limit - rest));
    ledger.setClaim({ functionName, version }, { claim, qualifier: version }, this.#nowMs);
    ledger.setReady({ functionName, version }, this.#pick(claim + 2));
  }

  #release(): void {
    const [lease] = this.#leases.splice(this.#pick(this.#leases.length), 1);
    if (lease === undefined) return;
    if (this.#pick(4) === 0) this.ledger.spill(lease);
    this.ledger.release(lease);
  }

  #acquire(functionName: string, version: string): void {
    const known = this.ledger.find(functionName)?.versions.get(version);
    const isFree =
      known !== undefined &&
      known.provisionedInUse < known.ready &&
      known.provisionedInUse + known.standInsInUse < known.claim;
    const limit = this.#reserved.get(functionName) ?? CONCURRENCY_MAX;
    const isFull = this.#countOf(functionName) >= limit || this.#leases.length >= CONCURRENCY_MAX;
    const admission = this.ledger.acquire({ functionName, version }, this.#nowMs);
    if (admission.kind === "throttled") {
      this.#hold(!isFree || isFull, "a free provisioned environment is refused");
      return;
    }
    this.#leases.push(admission.lease);
    this.#hold(!isFull, "a request is admitted above a limit");
    const isProvisioned = admission.lease.kind === "provisioned";
    this.#hold(isProvisioned === isFree, "provisioned environments do not go first");
  }

  #countOf(functionName: string): number {
    return this.#leases.filter(({ account }) => account.functionName === functionName).length;
  }

  #hold(isTrue: boolean, otherwise: string): void {
    if (!isTrue) this.violations.push(`step ${this.#step}: ${otherwise}`);
  }
}

test.each([20_261_124, 1, 2, 3])(
  "for every one of 25,000 operations of seed %i, limits hold, no lease is lost and provisioned goes first",
  (seed) => {
    const operations = new RandomOperations(seed);
    for (let count = 0; count < 25_000; count += 1) operations.step();
    operations.end();
    expect(operations.violations).toEqual([]);
    const { inUse, unreservedInUse, unreserved } = operations.ledger;
    expect({ inUse, unreservedInUse, unreserved }).toEqual({
      inUse: 0,
      unreservedInUse: 0,
      unreserved: CONCURRENCY_MAX,
    });
  },
);
