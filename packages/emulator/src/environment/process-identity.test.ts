import { spawn } from "node:child_process";
import { once } from "node:events";

import { describe, expect, test } from "vitest";

import { isAlive, thisProcess } from "./process-identity.ts";

describe("isAlive", () => {
  test("knows the process that asks", () => {
    expect(isAlive(thisProcess())).toBe(true);
  });

  test("goes by the number alone where the time of the start is not known", () => {
    expect(isAlive({ pid: process.pid, start: "" })).toBe(true);
  });

  test.each([0, -1, 1.5, Number.NaN])("takes %d for no process", (pid) => {
    expect(isAlive({ pid, start: "" })).toBe(false);
  });

  test("knows that a process has ended", async () => {
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
    await once(child, "exit");
    expect(isAlive({ pid: child.pid ?? 0, start: "" })).toBe(false);
  });

  describe.runIf(process.platform === "linux")("where the system tells of starts", () => {
    test.each([process.pid, 1])("tells process %d from an earlier one of its number", (pid) => {
      expect(isAlive({ pid, start: "never" })).toBe(false);
    });
  });
});
