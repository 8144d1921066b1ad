import type { InvocationOutcome } from "../environment/contract.ts";
import type { Member } from "./membership.ts";
import { EnvironmentGroup } from "./pool-group.ts";

/** What provisioned concurrency wants to know of its environments. */
export interface ProvisionedEvents {
  /** One more is initialised; it is held until it is admitted. */
  onInitialised(): void;
  onInitFailed(): void;
  /** One that was usable or held has crashed or is recycled: it is unavailable from now on. */
  onLost(): void;
  /** The number of usable ones has changed. */
  onUsable(usable: number): void;
}

const DEALLOCATED = "deallocated";
const CRASHED = "crashed";

/** An error that Lambda itself writes is short. */
const ERROR_BYTES_MAX = 4_096;

/** Error types of an invocation that the process did not survive. */
const LETHAL_ERROR_TYPES: ReadonlySet<unknown> = new Set([
  "Runtime.ExitError",
  "Runtime.OutOfMemory",
  "Sandbox.Timedout",
]);

/** The environments of one version that were started ahead of requests. */
export class ProvisionedGroup extends EnvironmentGroup {
  events: ProvisionedEvents | undefined;
  /** Busy environments that end when they are free: there are more than are wanted. */
  #surplus = 0;
  /** Those whose process has died in an invocation: they end when they are free. */
  readonly #crashed = new WeakSet<Member>();

  /** Environments that requests can have, the busy ones included. */
  get usable(): number {
    return this.#count(["idle", "busy", "leaving"]) - this.#surplus;
  }

  /** Environments that are started and not admitted yet. */
  get pending(): { readonly starting: number; readonly held: number } {
    return { starting: this.#count(["starting"]), held: this.#count(["held"]) };
  }

  /** Starts `count` environments; each is held once it is initialised. */
  allocate(count: number): void {
    for (let started = 0; started < count; started += 1) this.startMember("starting");
  }

  /** Makes every environment usable that is held. */
  admit(): void {
    for (const member of this.members.values()) {
      if (member.status !== "held" || member.endedCause !== undefined) continue;
      this.signal(member, "admitted");
      this.becomeIdle(member);
    }
    this.#tellUsable();
  }

  /**
   * Leaves `count` usable environments: idle ones end at once, the ones used longest ago first, busy ones when
   * they are free. Everything that is not admitted yet ends, too.
   */
  trim(count: number): void {
    for (const member of this.members.values()) {
      if (member.status === "starting" || member.status === "held") {
        void this.end(member, DEALLOCATED);
      }
    }
    const excess = this.usable + this.#surplus - count;
    const ended = this.idle.splice(0, Math.max(0, Math.min(excess, this.idle.length)));
    for (const member of ended) void this.end(member, DEALLOCATED);
    this.#surplus = Math.max(0, excess - ended.length);
    this.#tellUsable();
  }

  /** Keeps environments that were to end when they are free, as far as `wanted` usable ones need them. */
  keep(wanted: number): void {
    this.#surplus -= Math.min(this.#surplus, Math.max(0, wanted - this.usable));
    this.#tellUsable();
  }

  protected override initialised(member: Member): void {
    if (member.environment.initDurationMs === undefined) {
      void this.end(member, "its init phase failed");
      return;
    }
    this.signal(member, "initialised");
    this.events?.onInitialised();
  }

  protected override endOfFree(member: Member): string | undefined {
    if (this.#surplus > 0) {
      this.#surplus -= 1;
      return DEALLOCATED;
    }
    return this.#crashed.has(member) ? CRASHED : super.endOfFree(member);
  }

  protected override gone(member: Member, cause: string): void {
    if (cause === DEALLOCATED) return;
    if (this.#surplus > 0 && member.status === "busy") {
      this.#surplus -= 1;
      return;
    }
    this.#tellUsable();
    if (member.status === "starting") this.events?.onInitFailed();
    else this.events?.onLost();
  }

  /** What an invocation has killed starts anew only with the next one; a provisioned environment is replaced. */
  protected override settled(member: Member, outcome: InvocationOutcome): void {
    if (!outcome.isFunctionError || member.endedCause !== undefined) return;
    if (!LETHAL_ERROR_TYPES.has(errorTypeOf(outcome.payload))) return;
    const index = this.idle.indexOf(member);
    if (index < 0) {
      this.#crashed.add(member);
      return;
    }
    this.idle.splice(index, 1);
    void this.end(member, CRASHED);
  }

  #count(statuses: readonly Member["status"][]): number {
    return [...this.members.values()].filter(
      ({ status, endedCause }) => endedCause === undefined && statuses.includes(status),
    ).length;
  }

  #tellUsable(): void {
    this.events?.onUsable(this.usable);
  }
}

function errorTypeOf(payload: Uint8Array): unknown {
  if (payload.byteLength > ERROR_BYTES_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    return typeof value === "object" && value !== null && "errorType" in value
      ? value.errorType
      : undefined;
  } catch {
    // A payload that is not JSON is none of the errors that Lambda itself writes.
    return undefined;
  }
}
