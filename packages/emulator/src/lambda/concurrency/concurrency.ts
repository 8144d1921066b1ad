import type { Random, Timers } from "@pilotlight/core";

import { realClock } from "../../clock.ts";
import type { EnvironmentListener, FunctionVersion } from "../../environment/contract.ts";
import type { Trace } from "../../trace/trace-event.ts";
import { EnvironmentPool, type StartPooledEnvironment } from "../pool.ts";
import {
  type DurationLaw,
  KEEP_ALIVE_PRIOR,
  LIFETIME_PRIOR,
  PREPARATION_PRIOR,
} from "./duration-law.ts";
import { ConcurrencyLedger, REQUESTS_PER_SECOND_PER_CONCURRENCY } from "./ledger.ts";
import { ConcurrencyMetrics } from "./metrics.ts";
import { Provisioner } from "./provisioner.ts";

/** How the environments of the account live; each law has AWS's behaviour, as far as it is known, as its default. */
export interface EnvironmentLaws {
  /** How long an idle environment is kept. @default uniform, 5 to 10 minutes */
  readonly keepAlive?: DurationLaw | undefined;
  /** How long an environment lives at most, however busy it is. @default uniform, 2 to 4 hours */
  readonly lifetime?: DurationLaw | undefined;
  /** How long provisioned concurrency is prepared before it is allocated. @default uniform, 1 to 2 minutes */
  readonly preparation?: DurationLaw | undefined;
}

interface ConcurrencyOptions extends EnvironmentLaws {
  /** Service time. */
  readonly clock: Timers;
  readonly random: Random;
  /** Concurrent invocations of the account. */
  readonly concurrencyMax: number;
  readonly startEnvironment: StartPooledEnvironment;
  readonly onLog: EnvironmentListener["onLog"];
  /** Gets what happens. */
  readonly trace?: Trace | undefined;
}

/**
 * Concurrent invocations of an account by AWS's default. The emulated account may run fewer, for the machine's sake:
 * the rate of its requests is not lowered with them.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, read 2026-11-24.
 */
const ACCOUNT_CONCURRENCY = 1_000;

/** The concurrency of the account: who may run how much, and in which environments. */
export class Concurrency {
  readonly ledger: ConcurrencyLedger;
  readonly metrics: ConcurrencyMetrics;
  readonly pool: EnvironmentPool;
  readonly provisioner: Provisioner;
  readonly #clock: Timers;

  constructor(options: ConcurrencyOptions) {
    const { clock, random, concurrencyMax } = options;
    this.#clock = clock;
    this.ledger = new ConcurrencyLedger({
      concurrencyMax,
      requestsPerSecondMax:
        Math.max(concurrencyMax, ACCOUNT_CONCURRENCY) * REQUESTS_PER_SECOND_PER_CONCURRENCY,
    });
    this.metrics = new ConcurrencyMetrics({ clock, ledger: this.ledger });
    this.pool = new EnvironmentPool({
      startEnvironment: options.startEnvironment,
      onLog: options.onLog,
      trace: options.trace,
      clock,
      timers: realClock,
      random,
      ledger: this.ledger,
      metrics: this.metrics,
      keepAlive: options.keepAlive ?? KEEP_ALIVE_PRIOR,
      lifetime: options.lifetime ?? LIFETIME_PRIOR,
    });
    this.provisioner = new Provisioner({
      clock,
      random,
      ledger: this.ledger,
      pool: this.pool,
      preparation: options.preparation ?? PREPARATION_PRIOR,
    });
  }

  onVersionDeleted(functionName: string, version: string): void {
    this.provisioner.remove({ functionName, qualifier: version });
  }

  onAliasMoved(functionName: string, alias: string, version: FunctionVersion): void {
    this.provisioner.move({ functionName, qualifier: alias }, version);
  }

  onAliasDeleted(functionName: string, alias: string): void {
    this.provisioner.remove({ functionName, qualifier: alias });
  }

  onFunctionDeleted(functionName: string): void {
    this.provisioner.removeFunction(functionName);
    this.ledger.forgetFunction(functionName, this.#clock.monotonicMs());
  }

  /** Ends every environment and starts no other; settles when none is left. */
  async stop(): Promise<void> {
    this.provisioner.stop();
    await this.pool.stop();
  }
}
