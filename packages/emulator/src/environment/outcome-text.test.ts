import { describe, expect, test } from "vitest";

import { exitFailure, type ProcessExit, timeoutFailure } from "./outcome-text.ts";

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

describe("timeoutFailure", () => {
  test("has two decimals", () => {
    expect(timeoutFailure("r-1", 1)).toEqual({
      errorType: "Sandbox.Timedout",
      errorMessage: "RequestId: r-1 Error: Task timed out after 1.00 seconds",
    });
  });
});
