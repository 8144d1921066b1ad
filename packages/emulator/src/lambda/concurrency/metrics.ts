import type { Clock } from "@pilotlight/core";

import type { ConcurrencyLedger, Lease } from "./ledger.ts";

/** Sums of what happened in a minute. */
type CountName =
  | "Invocations"
  | "Throttles"
  | "ColdStarts"
  | "ProvisionedConcurrencyInvocations"
  | "ProvisionedConcurrencySpilloverInvocations";

/** Largest values of a minute. */
type LevelName =
  | "ConcurrentExecutions"
  | "UnreservedConcurrentExecutions"
  | "ProvisionedConcurrentExecutions"
  | "ProvisionedConcurrencyUtilization";

type MetricName = CountName | LevelName;

/** One minute in which something happened: AWS has no data points for the others. */
export interface MetricPoint {
  /** Start of the minute, service time, milliseconds since the Unix epoch. */
  readonly startEpochMs: number;
  /** Counts are sums of the minute, levels its maximum; what did not occur is absent. */
  readonly values: Readonly<Partial<Record<MetricName, number>>>;
}

/** The data points of one dimension, oldest first. */
export interface MetricSeries {
  /** Absent for the whole account. */
  readonly functionName?: string;
  /** Version or alias with provisioned concurrency; absent for the whole function. */
  readonly qualifier?: string;
  readonly points: readonly MetricPoint[];
}

interface Point {
  readonly startEpochMs: number;
  readonly values: Partial<Record<MetricName, number>>;
}

interface Series {
  readonly functionName: string | undefined;
  readonly qualifier: string | undefined;
  readonly points: Point[];
}

const MINUTE_MS = 60_000;

/** Three hours: what CloudWatch keeps of its finest data. */
const POINTS_MAX = 180;
const SERIES_MAX = 1_000;

interface MetricsOptions {
  /** Service time. */
  readonly clock: Clock;
  readonly ledger: ConcurrencyLedger;
}

/**
 * Lambda's metrics of concurrency, one data point for each minute of service time in which a request came.
 *
 * `ColdStarts` is Pilotlight's own: AWS has no metric of it. A minute in which nothing is requested has no point,
 * as on AWS: an alarm on provisioned concurrency that is idle has no data.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html for the names, read 2026-11-24.
 */
export class ConcurrencyMetrics {
  readonly #clock: Clock;
  readonly #ledger: ConcurrencyLedger;
  readonly #series = new Map<string, Series>();

  constructor({ clock, ledger }: MetricsOptions) {
    this.#clock = clock;
    this.#ledger = ledger;
  }

  /** A request was admitted and has its place. */
  invoked({ account, version, kind }: Lease): void {
    const own = this.#point(account.functionName, undefined);
    add(own, "Invocations");
    raise(own, "ConcurrentExecutions", account.inUse);
    const all = this.#point(undefined, undefined);
    add(all, "Invocations");
    raise(all, "ConcurrentExecutions", this.#ledger.inUse);
    raise(all, "UnreservedConcurrentExecutions", this.#ledger.unreservedInUse);
    if (version === undefined || version.ready === 0) return;
    const used = version.provisionedInUse;
    for (const point of [own, this.#point(account.functionName, version.qualifier)]) {
      add(
        point,
        kind === "provisioned"
          ? "ProvisionedConcurrencyInvocations"
          : "ProvisionedConcurrencySpilloverInvocations",
      );
      raise(point, "ProvisionedConcurrentExecutions", used);
      raise(point, "ProvisionedConcurrencyUtilization", used / version.ready);
    }
  }

  /** An environment was started for a request. */
  coldStarted({ account }: Lease): void {
    add(this.#point(account.functionName, undefined), "ColdStarts");
    add(this.#point(undefined, undefined), "ColdStarts");
  }

  throttled(functionName: string): void {
    add(this.#point(functionName, undefined), "Throttles");
    add(this.#point(undefined, undefined), "Throttles");
  }

  /** A snapshot: the account first, then functions in the order in which they were first used. */
  list(): MetricSeries[] {
    return [...this.#series.values()].map(({ functionName, qualifier, points }) => ({
      ...(functionName === undefined ? {} : { functionName }),
      ...(qualifier === undefined ? {} : { qualifier }),
      points: points.map(({ startEpochMs, values }) => ({ startEpochMs, values: { ...values } })),
    }));
  }

  #point(functionName: string | undefined, qualifier: string | undefined): Point {
    const epochMs = this.#clock.epochMs();
    const startEpochMs = epochMs - (epochMs % MINUTE_MS);
    const { points } = this.#seriesOf(functionName, qualifier);
    const last = points.at(-1);
    if (last !== undefined && last.startEpochMs >= startEpochMs) return last;
    const point = { startEpochMs, values: {} };
    points.push(point);
    if (points.length > POINTS_MAX) points.shift();
    return point;
  }

  #seriesOf(functionName: string | undefined, qualifier: string | undefined): Series {
    const key = qualifier === undefined ? (functionName ?? "") : `${functionName}:${qualifier}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series: Series = { functionName, qualifier, points: [] };
    this.#series.set(key, series);
    if (this.#series.size > SERIES_MAX) this.#dropOldest();
    return series;
  }

  /** The series whose last point is oldest gives way. */
  #dropOldest(): void {
    const lastMs = ({ points }: Series) => points.at(-1)?.startEpochMs ?? Infinity;
    const [oldest] = [...this.#series].toSorted(([, a], [, b]) => lastMs(a) - lastMs(b));
    if (oldest !== undefined) this.#series.delete(oldest[0]);
  }
}

function add({ values }: Point, name: CountName): void {
  values[name] = (values[name] ?? 0) + 1;
}

function raise({ values }: Point, name: LevelName, value: number): void {
  values[name] = Math.max(values[name] ?? 0, value);
}
