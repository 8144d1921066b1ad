import { describe, expect, test } from "vitest";

import { initReportLine, initStartLine, reportLine } from "./report.ts";

const REPORT = { requestId: "r-1", durationMs: 12.345, memoryMb: 128, memoryMbMax: 61 };

describe("reportLine", () => {
  test("of a warm invocation rounds the billed duration up", () => {
    expect(reportLine(REPORT)).toBe(
      "REPORT RequestId: r-1\tDuration: 12.35 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 61 MB\t",
    );
  });

  test("of a cold start bills the init phase too", () => {
    // 12.345 + 100.2 = 112.545
    expect(reportLine({ ...REPORT, initDurationMs: 100.2 })).toBe(
      "REPORT RequestId: r-1\tDuration: 12.35 ms\tBilled Duration: 113 ms\tMemory Size: 128 MB\tMax Memory Used: 61 MB\tInit Duration: 100.20 ms\t",
    );
  });

  test("tells how an invocation failed", () => {
    expect(reportLine({ ...REPORT, status: { kind: "timeout" } })).toMatch(/\tStatus: timeout$/);
    const status = { kind: "error", errorType: "Runtime.ExitError" } as const;
    expect(reportLine({ ...REPORT, status })).toMatch(
      /\tStatus: error\tError Type: Runtime.ExitError$/,
    );
  });
});

describe("initStartLine", () => {
  test("names the region of the function", () => {
    expect(initStartLine("arn:aws:lambda:eu-west-1:000000000000:function:f")).toBe(
      "INIT_START Runtime Version: nodejs:24\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:emulated",
    );
  });
});

describe("initReportLine", () => {
  test("tells how the init phase failed", () => {
    expect(initReportLine(10_000, { kind: "timeout" })).toBe(
      "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout",
    );
  });
});
