import { describe, expect, test } from "vitest";

import {
  exitFailure,
  exitText,
  postedErrorType,
  type ProcessExit,
  timeoutFailure,
} from "./outcome-text.ts";

describe("exitFailure", () => {
  const ended: readonly (readonly [ProcessExit, string])[] = [
    [{ kind: "code", code: 7 }, "Runtime exited with error: exit status 7"],
    [{ kind: "code", code: 0 }, "Runtime exited without providing a reason"],
    [{ kind: "signal", signal: "SIGKILL" }, "Runtime exited with error: signal: killed"],
    [{ kind: "signal", signal: "SIGABRT" }, "Runtime exited with error: signal: aborted"],
    [
      { kind: "signal", signal: "SIGSEGV" },
      "Runtime exited with error: signal: segmentation fault",
    ],
  ];

  test.each(ended)("tells of %j as AWS does", (exit, reason) => {
    expect(exitFailure("r-1", exit)).toEqual({
      errorType: "Runtime.ExitError",
      errorMessage: `RequestId: r-1 Error: ${reason}`,
    });
  });
});

describe("exitText", () => {
  test.each([
    [{ kind: "code", code: 7 } as const, "exit status 7"],
    [{ kind: "signal", signal: "SIGKILL" } as const, "signal: killed"],
    [{ kind: "unstartable", reason: "spawn ENOENT" } as const, "spawn ENOENT"],
  ])("tells of %j", (exit, text) => {
    expect(exitText(exit)).toBe(text);
  });
});

describe("postedErrorType", () => {
  test.each([
    ['{"errorType":"Runtime.ImportModuleError"}', "Runtime.ImportModuleError"],
    ['{"errorType":"Function.Custom"}', "Function.Custom"],
    ['{"errorType":"Function.custom"}', "Function.Unknown"],
    ['{"errorType":"TypeError"}', "Runtime.Unknown"],
    ['{"errorType":1}', "Runtime.Unknown"],
    ["null", "Runtime.Unknown"],
    ["no JSON", "Runtime.Unknown"],
  ])("of %s is %s", (payload, type) => {
    expect(postedErrorType(Buffer.from(payload))).toBe(type);
  });
});

describe("timeoutFailure", () => {
  test("has two decimals", () => {
    expect(timeoutFailure("r-1", 1)).toEqual({
      errorType: "Sandbox.Timedout",
      errorMessage: "RequestId: r-1 Error: Task timed out after 1.00 seconds",
    });
  });
});
