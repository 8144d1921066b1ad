import { Counter, Histogram, Registry } from "prom-client";

/** One answered HTTP request. */
export interface RequestSample {
  /** Name of the model; empty for requests that name none. */
  readonly model: string;
  readonly statusCode: number;
  readonly durationMs: number;
  readonly isColdStart: boolean;
}

/** The metrics of requests, recorded once and read in Prometheus' text format. */
export interface RequestMetrics {
  record(sample: RequestSample): void;
  /** The text format 0.0.4 and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** From a warm tabular model (1 ms) to the HTTP API's 30 s. */
const DURATION_BUCKETS_SEC = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

const MS_PER_SEC = 1000;

/**
 * Counts requests, their duration and cold starts, by model.
 *
 * @see https://prometheus.io/docs/practices/naming/ for the names: base units, counters end in _total.
 */
export function requestMetrics(): RequestMetrics {
  const registry = new Registry();
  const requests = new Counter({
    name: "pilotlight_requests_total",
    help: "Answered HTTP requests, by model and status.",
    labelNames: ["model", "status"],
    registers: [registry],
  });
  const durations = new Histogram({
    name: "pilotlight_request_duration_seconds",
    help: "Time from a request's arrival to its answer, by model.",
    labelNames: ["model"],
    buckets: DURATION_BUCKETS_SEC,
    registers: [registry],
  });
  const coldStarts = new Counter({
    name: "pilotlight_cold_starts_total",
    help: "Requests that were answered by a new execution environment, by model.",
    labelNames: ["model"],
    registers: [registry],
  });
  return {
    record({ model, statusCode, durationMs, isColdStart }) {
      requests.inc({ model, status: String(statusCode) });
      durations.observe({ model }, durationMs / MS_PER_SEC);
      if (isColdStart) coldStarts.inc({ model });
    },
    async expose() {
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
