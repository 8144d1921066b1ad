import { afterAll, describe, expect, test, vi } from "vitest";

import type { Fault } from "../faults/contract.ts";
import { HurriedClock } from "./testing/hurried-clock.ts";
import { endFunctions, exited, start } from "./testing/started-functions.ts";

// Each test starts processes, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } });

afterAll(endFunctions);

const ECHO = "export const handler = async (event) => event;";

function startWith(fault: Fault, variables: Record<string, string> = {}) {
  return start(ECHO, { timeoutSec: 1, variables, options: { fault } });
}

describe.concurrent("a fault of the init phase", () => {
  test("init-failure ends the first process; the init is repeated in the invocation", async () => {
    const f = await startWith({ kind: "init-failure" });
    const outcome = await f.invoke(1);
    expect(outcome).toMatchObject({ value: 1, isColdStart: true });
    expect(f.lines).toContainEqual(
      expect.stringMatching(/^INIT_REPORT .*\tStatus: error\tError Type: Runtime\.ExitError$/),
    );
    expect(f.lines.filter((line) => line.startsWith("INIT_START"))).toHaveLength(2);
  });

  test("init-slow keeps the process from going on for so long", async () => {
    const f = await startWith({ kind: "init-slow", delayMs: 250 });
    await f.idle();
    expect(f.environment.initDurationMs).toBeGreaterThan(250);
    expect((await f.invoke(1)).value).toBe(1);
  });
});

describe.concurrent("a fault of an invocation", () => {
  const outcomes: readonly (readonly [Fault, object])[] = [
    [{ kind: "crash", exitCode: 7 }, exited("r-1", "Runtime exited with error: exit status 7")],
    [{ kind: "out-of-memory" }, exited("r-1", "Runtime exited with error: signal: killed")],
    [
      { kind: "hang" },
      {
        errorType: "Sandbox.Timedout",
        errorMessage: "RequestId: r-1 Error: Task timed out after 1.00 seconds",
      },
    ],
  ];

  test.each(outcomes)(
    "%j ends the real process, and the next one is well",
    async (fault, value) => {
      const clock = new HurriedClock();
      const f = await start(ECHO, { timeoutSec: 1, options: { fault, clock } });
      await f.idle();
      const outcome = await clock.hurry(5, () => f.invoke(1));
      expect(outcome).toMatchObject({ isFunctionError: true, value });
      expect((await f.invoke(2)).value).toBe(2);
      expect(f.lines.filter((line) => line.startsWith("INIT_START"))).toHaveLength(2);
    },
  );

  test("strikes the one invocation that brings it", async () => {
    const f = await start(ECHO);
    expect((await f.invoke(1)).value).toBe(1);
    const fault = { kind: "crash", exitCode: 3 } as const;
    expect((await f.invoke(1, { fault })).value).toEqual(
      exited("r-2", "Runtime exited with error: exit status 3"),
    );
    expect((await f.invoke(2)).value).toBe(2);
  });

  test("reaches a runtime behind a wrapper as well", async () => {
    const f = await startWith(
      { kind: "crash", exitCode: 5 },
      { AWS_LAMBDA_EXEC_WRAPPER: "/usr/bin/env" },
    );
    expect((await f.invoke(1)).value).toEqual(
      exited("r-1", "Runtime exited with error: exit status 5"),
    );
  });

  test.each([{ kind: "throttle" }, { kind: "no-gpu-capacity" }] as const)(
    "of the kind %j does nothing here",
    async (fault) => {
      const f = await startWith(fault);
      expect((await f.invoke(1)).value).toBe(1);
    },
  );
});
