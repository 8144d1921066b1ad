import { describe, expect, test } from "vitest";

import type { FunctionVersion, SystemLogLevel } from "./contract.ts";
import {
  endLines,
  extensionLines,
  initReportLines,
  initStartLines,
  startLines,
} from "./platform-lines.ts";

const VERSION: FunctionVersion = {
  functionName: "f",
  functionArn: "arn:aws:lambda:eu-west-1:000000000000:function:f",
  version: "7",
  handler: "index.handler",
  codeDirectory: "/code/f",
  memoryMb: 128,
  timeoutSec: 3,
  variables: {},
  nodePath: [],
};
const json = (systemLevel: SystemLogLevel): FunctionVersion => ({
  ...VERSION,
  logging: { format: "JSON", systemLevel },
});

const AT = { epochMs: Date.UTC(2026, 10, 25) };
const TIME = "2026-11-25T00:00:00.000Z";
const REPORT = { requestId: "r-1", durationMs: 12.345_678, memoryMb: 128, memoryMbMax: 61 };
const TIMEOUT = { ...REPORT, status: { kind: "timeout" } } as const;
const AGENT = { name: "a", state: "Ready", events: ["INVOKE"], errorType: undefined } as const;
const ON_DEMAND = { ...AT, initializationType: "on-demand" } as const;

const read = (lines: readonly string[]): unknown[] =>
  lines.map((line) => JSON.parse(line) as unknown);

describe("a log of text", () => {
  test("has START, what failed, END and REPORT", () => {
    expect(startLines(VERSION, { ...AT, requestId: "r-1" })).toEqual([
      "START RequestId: r-1 Version: 7",
    ]);
    expect(endLines(VERSION, { ...AT, report: TIMEOUT, failureLines: ["it failed"] })).toEqual([
      "it failed",
      "END RequestId: r-1",
      expect.stringMatching(/^REPORT RequestId: r-1\t.*Status: timeout$/),
    ]);
  });

  test("has extensions with their states", () => {
    const failed = { ...AGENT, state: "InitError", errorType: "Extension.Mine" } as const;
    expect(extensionLines(VERSION, { ...AT, extensions: [AGENT, failed] })).toEqual([
      "EXTENSION\tName: a\tState: Ready\tEvents: [INVOKE]",
      "EXTENSION\tName: a\tState: InitError\tEvents: [INVOKE]\tError Type: Extension.Mine",
    ]);
  });
});

describe("a log of JSON", () => {
  test("has one object for the start and one for the report", () => {
    const version = json("INFO");
    expect(read(startLines(version, { ...AT, requestId: "r-1" }))).toEqual([
      { time: TIME, type: "platform.start", record: { requestId: "r-1", version: "7" } },
    ]);
    const report = { ...REPORT, initDurationMs: 100.2 };
    expect(read(endLines(version, { ...AT, report, failureLines: [] }))).toEqual([
      {
        time: TIME,
        type: "platform.report",
        record: {
          requestId: "r-1",
          metrics: {
            durationMs: 12.346,
            billedDurationMs: 113,
            memorySizeMB: 128,
            maxMemoryUsedMB: 61,
            initDurationMs: 100.2,
          },
          status: "success",
        },
      },
    ]);
  });

  test("tells of an init phase and of extensions", () => {
    expect(read(initStartLines(json("INFO"), ON_DEMAND))).toMatchObject([
      {
        type: "platform.initStart",
        record: { initializationType: "on-demand", phase: "init", functionName: "f" },
      },
    ]);
    const status = { kind: "error", errorType: "Runtime.ExitError" } as const;
    const failure = { ...ON_DEMAND, durationMs: 5, status };
    expect(read(initReportLines(json("WARN"), failure))).toMatchObject([
      {
        type: "platform.initReport",
        record: { status: "error", errorType: "Runtime.ExitError", metrics: { durationMs: 5 } },
      },
    ]);
    expect(read(extensionLines(json("INFO"), { ...AT, extensions: [AGENT] }))).toMatchObject([
      { type: "platform.extension", record: { name: "a", state: "Ready", events: ["INVOKE"] } },
    ]);
  });

  test.each([
    ["DEBUG", REPORT, ["platform.runtimeDone", "platform.report"]],
    ["INFO", REPORT, ["platform.report"]],
    ["WARN", REPORT, []],
    ["INFO", TIMEOUT, ["platform.runtimeDone", "platform.report"]],
    ["WARN", TIMEOUT, ["platform.runtimeDone", "platform.report"]],
  ] as const)("has at level %s, of %j, %j", (level, report, types) => {
    const lines = endLines(json(level), { ...AT, report, failureLines: ["it failed"] });
    expect(read(lines).map((event) => (event as { type: string }).type)).toEqual(types);
    const starts = startLines(json(level), { ...AT, requestId: "r-1" });
    expect(starts).toHaveLength(level === "WARN" ? 0 : 1);
  });
});
