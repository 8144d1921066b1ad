import type { Random, Timers } from "@pilotlight/core";

import type { FunctionVersion } from "../../environment/contract.ts";
import type { EnvironmentPool } from "../pool.ts";
import { ProvisionedConfiguration } from "./configuration.ts";
import { drawDurationMs, type DurationLaw } from "./duration-law.ts";
import type { ConcurrencyLedger } from "./ledger.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What a configuration hangs on. */
export interface ConfigurationTarget {
  readonly functionName: string;
  /** Version or alias. */
  readonly qualifier: string;
}

/** A configuration with what it hangs on. */
export interface ConfigurationEntry extends ConfigurationTarget {
  readonly configuration: ProvisionedConfiguration;
  /** When its number was set last. */
  lastModifiedEpochMs: number;
}

interface ProvisionerOptions {
  /** Service time. */
  readonly clock: Timers;
  readonly random: Random;
  readonly ledger: ConcurrencyLedger;
  readonly pool: EnvironmentPool;
  /** How long the preparation before an allocation takes. */
  readonly preparation: DurationLaw;
}

/**
 * Up to 6,000 provisioned environments a minute and function, here in steps that a machine can follow.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html, read 2026-11-24.
 */
const STARTS = { ratePerSec: 100, capacity: 10 } as const;

/** The provisioned concurrency configurations of the account. */
export class Provisioner {
  readonly #options: ProvisionerOptions;
  /** By function name, then by qualifier. */
  readonly #entries = new Map<string, Map<string, ConfigurationEntry>>();
  readonly #starts = new Map<string, TokenBucket>();

  constructor(options: ProvisionerOptions) {
    this.#options = options;
  }

  find({ functionName, qualifier }: ConfigurationTarget): ConfigurationEntry | undefined {
    return this.#entries.get(functionName)?.get(qualifier);
  }

  /** The configurations of a function, in the order of their qualifiers. */
  list(functionName: string): ConfigurationEntry[] {
    const entries = [...(this.#entries.get(functionName)?.values() ?? [])];
    return entries.toSorted((a, b) => (a.qualifier < b.qualifier ? -1 : 1));
  }

  /** Asks for `count` environments of the version that the target means. */
  put(target: ConfigurationTarget, version: FunctionVersion, count: number): ConfigurationEntry {
    const entry = this.find(target) ?? this.#add(target, version);
    entry.lastModifiedEpochMs = this.#options.clock.epochMs();
    entry.configuration.request(version, count);
    return entry;
  }

  /** Ends a configuration; without one, nothing changes. */
  remove(target: ConfigurationTarget): void {
    const entries = this.#entries.get(target.functionName);
    const entry = entries?.get(target.qualifier);
    if (entries === undefined || entry === undefined) return;
    entry.configuration.remove();
    entries.delete(target.qualifier);
    if (entries.size > 0) return;
    this.#entries.delete(target.functionName);
    this.#starts.delete(target.functionName);
  }

  /** The configuration that a version has, its own or that of an alias. */
  ofVersion(version: FunctionVersion): ConfigurationEntry | undefined {
    return this.list(version.functionName).find(
      ({ configuration }) => configuration.version === version,
    );
  }

  /**
   * An alias points at another version: its provisioned concurrency is allocated anew there.
   *
   * Where that version has a configuration of its own, the alias's one ends.
   */
  move(target: ConfigurationTarget, version: FunctionVersion): void {
    const entry = this.find(target);
    if (entry === undefined || entry.configuration.version === version) return;
    if (this.ofVersion(version) !== undefined) {
      this.remove(target);
      return;
    }
    entry.configuration.request(version, entry.configuration.requested);
  }

  removeFunction(functionName: string): void {
    for (const entry of this.list(functionName)) this.remove(entry);
  }

  /** Starts nothing more; the environments are the pool's to end. */
  stop(): void {
    for (const entries of this.#entries.values()) {
      for (const { configuration } of entries.values()) configuration.stop();
    }
    this.#entries.clear();
  }

  #add(target: ConfigurationTarget, version: FunctionVersion): ConfigurationEntry {
    const { functionName, qualifier } = target;
    const { clock, random, ledger, pool, preparation } = this.#options;
    const configuration = new ProvisionedConfiguration(version, {
      after: (delayMs, run) => clock.after(delayMs, run),
      drawPreparationMs: () => drawDurationMs(preparation, random),
      takeStarts: (name, count) => this.#takeStarts(name, count),
      group: (of) => pool.provisioned(of),
      claim: (of, claim) => ledger.setClaim(of, { claim, qualifier }, clock.monotonicMs()),
      ready: (of, usable) => ledger.setReady(of, usable),
    });
    const entry = { functionName, qualifier, configuration, lastModifiedEpochMs: 0 };
    const entries = this.#entries.get(functionName) ?? new Map<string, ConfigurationEntry>();
    this.#entries.set(functionName, entries);
    entries.set(qualifier, entry);
    return entry;
  }

  #takeStarts(functionName: string, count: number): number {
    const nowMs = this.#options.clock.monotonicMs();
    const bucket = this.#starts.get(functionName) ?? new TokenBucket(STARTS, nowMs);
    this.#starts.set(functionName, bucket);
    let taken = 0;
    while (taken < count && bucket.take(nowMs)) taken += 1;
    return taken;
  }
}
