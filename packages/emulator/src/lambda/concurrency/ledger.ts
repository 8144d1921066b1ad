import { invariant } from "@pilotlight/core";

import type { ThrottleReason } from "../../function-caller.ts";
import { TokenBucket } from "./token-bucket.ts";

/**
 * What one invocation runs on.
 *
 * `provisioned` is an environment that was started ahead; `stand-in` is the share of a version's provisioned
 * concurrency whose environment is not there (yet), used by an environment on demand; `on-demand` is the
 * function's reserved pool, or the unreserved rest where it has none.
 */
export type LeaseKind = "provisioned" | "stand-in" | "on-demand";

/** The right to run one invocation, from its admission to its answer. */
export interface Lease {
  readonly account: FunctionAccount;
  readonly version: VersionAccount | undefined;
  /** Changed by {@link ConcurrencyLedger.spill} only. */
  kind: LeaseKind;
}

/** A request is admitted, or throttled for a reason that AWS has a name for. */
export type Admission =
  | { readonly kind: "granted"; readonly lease: Lease }
  | { readonly kind: "throttled"; readonly reason: ThrottleReason };

/** The concurrency of one function. */
export interface FunctionAccount {
  readonly functionName: string;
  reserved: number | undefined;
  /** All leases. */
  inUse: number;
  /** Those on demand. */
  onDemand: number;
  /** What the versions with provisioned concurrency take, together. */
  charged: number;
  readonly versions: Map<string, VersionAccount>;
  readonly requests: TokenBucket;
  readonly starts: TokenBucket;
  /** Whether the function is deleted, and only what still runs keeps the account. */
  isDeleted: boolean;
}

/** The provisioned concurrency of one version. */
export interface VersionAccount {
  readonly version: string;
  /** Version or alias that the configuration names. */
  qualifier: string;
  /** What the configuration asks for: it counts against the limits from the first moment, idle or not. */
  claim: number;
  /** Environments that can be used, the busy ones included. */
  ready: number;
  provisionedInUse: number;
  standInsInUse: number;
  readonly requests: TokenBucket;
}

interface LedgerOptions {
  /** Concurrent invocations of the account. */
  readonly concurrencyMax: number;
  /** Requests per second of a function without reserved concurrency. */
  readonly requestsPerSecondMax: number;
}

/** Of requests per second, for each of concurrency: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html, read 2026-11-24. */
export const REQUESTS_PER_SECOND_PER_CONCURRENCY = 10;

/**
 * 1,000 environments each 10 seconds and function, refilled continuously; an unused rate does not accrue.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html, read 2026-11-24.
 */
const STARTS = { ratePerSec: 100, capacity: 1_000 } as const;

/** What always stays unreserved on AWS: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html, read 2026-11-24. */
const UNRESERVED_MIN = 100;
/** The same as a part of AWS's default limit of 1,000, for accounts that are smaller. */
const UNRESERVED_PART_MIN = 0.1;

const NOT_BELOW_ZERO = "a lease is given back once";

/**
 * Who may run how much at once, as AWS counts it: the account's limit, reserved concurrency of functions,
 * provisioned concurrency of versions, and the unreserved rest.
 *
 * A request takes a free provisioned environment of its version first, then the function's reserved pool, or the
 * unreserved rest where the function has none. It holds no clock and no process: the pool tells it what is ready.
 * Every decision takes the same time, however many functions and environments there are.
 */
export class ConcurrencyLedger {
  readonly concurrencyMax: number;
  /** What reservations must leave to functions that have none. */
  readonly unreservedMin: number;
  readonly #requestsPerSecondMax: number;
  readonly #functions = new Map<string, FunctionAccount>();
  /** Sum of all reservations. */
  #reserved = 0;
  /** Sum of what provisioned concurrency takes in functions without a reservation. */
  #chargedUnreserved = 0;
  /** Leases on demand in functions without a reservation. */
  #unreservedOnDemand = 0;
  /** All leases of functions without a reservation. */
  #unreservedInUse = 0;
  #inUse = 0;

  constructor({ concurrencyMax, requestsPerSecondMax }: LedgerOptions) {
    this.concurrencyMax = concurrencyMax;
    this.#requestsPerSecondMax = requestsPerSecondMax;
    this.unreservedMin = Math.min(UNRESERVED_MIN, Math.floor(concurrencyMax * UNRESERVED_PART_MIN));
  }

  /** Leases in the whole account. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Leases of functions without a reservation, those on provisioned concurrency included. */
  get unreservedInUse(): number {
    return this.#unreservedInUse;
  }

  /** What is neither reserved nor provisioned, busy or not. */
  get unreserved(): number {
    return this.concurrencyMax - this.#reserved - this.#chargedUnreserved;
  }

  find(functionName: string): FunctionAccount | undefined {
    return this.#functions.get(functionName);
  }

  /** What the configurations of a function ask for, together. */
  claimOf(functionName: string): number {
    const versions = this.#functions.get(functionName)?.versions.values() ?? [];
    return [...versions].reduce((sum, { claim }) => sum + claim, 0);
  }

  /** Admits one request of a version, or says why not. */
  acquire(
    { functionName, version }: { readonly functionName: string; readonly version: string },
    nowMs: number,
  ): Admission {
    const account = this.#account(functionName, nowMs);
    const provisioned = account.versions.get(version);
    // A reservation that was lowered under what runs holds for provisioned environments, too.
    if (account.reserved !== undefined && account.inUse >= account.reserved) {
      return throttled(account, "concurrency");
    }
    if (this.#inUse >= this.concurrencyMax) {
      return { kind: "throttled", reason: "ConcurrentInvocationLimitExceeded" };
    }
    if (provisioned !== undefined && hasFree(provisioned) && provisioned.requests.take(nowMs)) {
      return this.#grant(account, { version: provisioned, kind: "provisioned" });
    }
    const hasStandIn = provisioned !== undefined && canStandIn(provisioned);
    if (!hasStandIn && !this.#hasRoomOnDemand(account)) return throttled(account, "concurrency");
    if (!account.requests.take(nowMs)) return throttled(account, "rate");
    return this.#grant(account, {
      version: provisioned,
      kind: hasStandIn ? "stand-in" : "on-demand",
    });
  }

  /** Whether the function may start one more environment now; asking uses up the rate. */
  takeStart({ account }: Lease, nowMs: number): boolean {
    return account.starts.take(nowMs);
  }

  /** Lets a request that cannot have its provisioned environment run on demand, within what it has been given. */
  spill(lease: Lease): void {
    if (lease.kind !== "provisioned" || lease.version === undefined) return;
    lease.kind = "stand-in";
    lease.version.provisionedInUse -= 1;
    lease.version.standInsInUse += 1;
  }

  /** Gives a lease back: its invocation has an answer. */
  release(lease: Lease): void {
    const { account, version, kind } = lease;
    this.#inUse -= 1;
    account.inUse -= 1;
    if (account.reserved === undefined) this.#unreservedInUse -= 1;
    if (kind === "on-demand" || version === undefined) {
      account.onDemand -= 1;
      invariant(account.onDemand >= 0, NOT_BELOW_ZERO);
      if (account.reserved === undefined) this.#unreservedOnDemand -= 1;
    } else {
      this.#recharge(account, version, () => {
        if (kind === "provisioned") version.provisionedInUse -= 1;
        else version.standInsInUse -= 1;
        invariant(version.provisionedInUse >= 0 && version.standInsInUse >= 0, NOT_BELOW_ZERO);
      });
      this.#forgetVersion(account, version);
    }
    if (account.isDeleted) this.#forget(account);
  }

  /** @param reserved - The function's own part of the limit; without one, it shares the unreserved rest. */
  setReserved(functionName: string, reserved: number | undefined, nowMs: number): void {
    const account = this.#account(functionName, nowMs);
    this.#count(account, -1);
    account.reserved = reserved;
    this.#count(account, 1);
    account.requests.setLimits(this.#requestLimits(reserved), nowMs);
  }

  /** Sets what a version's configuration asks for; 0 takes it away. */
  setClaim(
    target: { readonly functionName: string; readonly version: string },
    { claim, qualifier }: { readonly claim: number; readonly qualifier: string },
    nowMs: number,
  ): void {
    const account = this.#account(target.functionName, nowMs);
    const version = this.#version(account, target.version, nowMs);
    this.#recharge(account, version, () => {
      version.claim = claim;
      version.qualifier = qualifier;
    });
    version.requests.setLimits(perSecond(claim * REQUESTS_PER_SECOND_PER_CONCURRENCY), nowMs);
    this.#forgetVersion(account, version);
  }

  /** Tells how many provisioned environments of a version can be used. */
  setReady(
    { functionName, version }: { readonly functionName: string; readonly version: string },
    ready: number,
  ): void {
    const known = this.#functions.get(functionName)?.versions.get(version);
    if (known !== undefined) known.ready = ready;
  }

  /** Takes a function that is deleted out of the account: what runs keeps its lease until its answer. */
  forgetFunction(functionName: string, nowMs: number): void {
    const account = this.#functions.get(functionName);
    if (account === undefined) return;
    for (const { version, qualifier } of account.versions.values()) {
      this.setClaim({ functionName, version }, { claim: 0, qualifier }, nowMs);
    }
    this.setReserved(functionName, undefined, nowMs);
    account.isDeleted = true;
    this.#forget(account);
  }

  #grant(
    account: FunctionAccount,
    { version, kind }: { version: VersionAccount | undefined; kind: LeaseKind },
  ): Admission {
    this.#inUse += 1;
    account.inUse += 1;
    if (account.reserved === undefined) this.#unreservedInUse += 1;
    if (kind === "on-demand" || version === undefined) {
      account.onDemand += 1;
      if (account.reserved === undefined) this.#unreservedOnDemand += 1;
    } else if (kind === "provisioned") version.provisionedInUse += 1;
    else version.standInsInUse += 1;
    return { kind: "granted", lease: { account, version, kind } };
  }

  #hasRoomOnDemand(account: FunctionAccount): boolean {
    return account.reserved === undefined
      ? this.#unreservedOnDemand < this.unreserved
      : account.onDemand < account.reserved - account.charged;
  }

  /** Adds a function to the account's sums, or takes it out of them. */
  #count(account: FunctionAccount, sign: 1 | -1): void {
    if (account.reserved !== undefined) this.#reserved += sign * account.reserved;
    else {
      this.#chargedUnreserved += sign * account.charged;
      this.#unreservedOnDemand += sign * account.onDemand;
      this.#unreservedInUse += sign * account.inUse;
    }
  }

  /** Makes a change to a version, and charges its function and the account with the difference. */
  #recharge(account: FunctionAccount, version: VersionAccount, change: () => void): void {
    const before = chargeOf(version);
    change();
    const difference = chargeOf(version) - before;
    account.charged += difference;
    if (account.reserved === undefined) this.#chargedUnreserved += difference;
  }

  #account(functionName: string, nowMs: number): FunctionAccount {
    const known = this.#functions.get(functionName);
    if (known !== undefined) {
      known.isDeleted = false;
      return known;
    }
    const account: FunctionAccount = {
      functionName,
      reserved: undefined,
      inUse: 0,
      onDemand: 0,
      charged: 0,
      versions: new Map(),
      requests: new TokenBucket(this.#requestLimits(undefined), nowMs),
      starts: new TokenBucket(STARTS, nowMs),
      isDeleted: false,
    };
    this.#functions.set(functionName, account);
    return account;
  }

  #version(account: FunctionAccount, name: string, nowMs: number): VersionAccount {
    const known = account.versions.get(name);
    if (known !== undefined) return known;
    const version: VersionAccount = {
      version: name,
      qualifier: name,
      claim: 0,
      ready: 0,
      provisionedInUse: 0,
      standInsInUse: 0,
      requests: new TokenBucket(perSecond(0), nowMs),
    };
    account.versions.set(name, version);
    return version;
  }

  #requestLimits(reserved: number | undefined): { ratePerSec: number; capacity: number } {
    return perSecond(
      reserved === undefined
        ? this.#requestsPerSecondMax
        : reserved * REQUESTS_PER_SECOND_PER_CONCURRENCY,
    );
  }

  #forget(account: FunctionAccount): void {
    if (account.inUse === 0) this.#functions.delete(account.functionName);
  }

  #forgetVersion(account: FunctionAccount, version: VersionAccount): void {
    if (chargeOf(version) === 0) account.versions.delete(version.version);
  }
}

function perSecond(requests: number): { ratePerSec: number; capacity: number } {
  return { ratePerSec: requests, capacity: requests };
}

/** Where a configuration is lowered under what is in use, the use counts until it ends. */
function chargeOf({ claim, provisionedInUse, standInsInUse }: VersionAccount): number {
  return Math.max(claim, provisionedInUse + standInsInUse);
}

function hasFree(version: VersionAccount): boolean {
  const { claim, ready, provisionedInUse, standInsInUse } = version;
  return provisionedInUse < ready && provisionedInUse + standInsInUse < claim;
}

/** Whether a request may run on demand within the claim, because environments of it are not there. */
function canStandIn(version: VersionAccount): boolean {
  const { claim, ready, provisionedInUse, standInsInUse } = version;
  return standInsInUse < claim - ready && provisionedInUse + standInsInUse < claim;
}

function throttled(account: FunctionAccount, limit: "concurrency" | "rate"): Admission {
  const isReserved = account.reserved !== undefined;
  if (limit === "rate") {
    const reason = isReserved
      ? "ReservedFunctionInvocationRateLimitExceeded"
      : "FunctionInvocationRateLimitExceeded";
    return { kind: "throttled", reason };
  }
  const reason = isReserved
    ? "ReservedFunctionConcurrentInvocationLimitExceeded"
    : "ConcurrentInvocationLimitExceeded";
  return { kind: "throttled", reason };
}
