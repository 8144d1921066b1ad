export type { RequestMetrics, RequestSample } from "./request-metrics.ts";
export { requestMetrics } from "./request-metrics.ts";
