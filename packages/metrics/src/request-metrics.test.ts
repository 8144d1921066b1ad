import { describe, expect, test } from "vitest";

import { requestMetrics } from "./request-metrics.ts";

describe("requestMetrics", () => {
  test("counts requests by model and status, and cold starts by model", async () => {
    const metrics = requestMetrics();
    const sample = { model: "digits", statusCode: 200, durationMs: 4, isColdStart: false };
    metrics.record({ ...sample, isColdStart: true });
    metrics.record(sample);
    metrics.record({ ...sample, statusCode: 400 });
    const { contentType, body } = await metrics.expose();
    expect(contentType).toContain("text/plain");
    expect(body).toContain('pilotlight_requests_total{model="digits",status="200"} 2');
    expect(body).toContain('pilotlight_requests_total{model="digits",status="400"} 1');
    expect(body).toContain('pilotlight_cold_starts_total{model="digits"} 1');
  });

  test("observes durations in seconds", async () => {
    const metrics = requestMetrics();
    metrics.record({ model: "digits", statusCode: 200, durationMs: 40, isColdStart: false });
    const { body } = await metrics.expose();
    // 40 ms lies above the bucket of 0.025 s and within that of 0.05 s.
    expect(body).toContain(
      'pilotlight_request_duration_seconds_bucket{le="0.025",model="digits"} 0',
    );
    expect(body).toContain(
      'pilotlight_request_duration_seconds_bucket{le="0.05",model="digits"} 1',
    );
    expect(body).toContain('pilotlight_request_duration_seconds_sum{model="digits"} 0.04');
  });

  test("keeps the metrics of two servers in one process apart", async () => {
    const [first, second] = [requestMetrics(), requestMetrics()];
    first.record({ model: "digits", statusCode: 200, durationMs: 1, isColdStart: false });
    expect((await second.expose()).body).not.toContain('model="digits"');
  });
});
