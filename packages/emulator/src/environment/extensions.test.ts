import { afterAll, describe, expect, test, vi } from "vitest";

import { extensionCode, LISTENING } from "./testing/extension-code.ts";
import { HurriedClock } from "./testing/hurried-clock.ts";
import type { FunctionSketch } from "./testing/function-under-test.ts";
import { endFunctions, start } from "./testing/started-functions.ts";

// Each test starts processes, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } });

afterAll(endFunctions);

const ECHO = "export const handler = async (event) => event;";
const FILE = "extensions/watcher";

type Sketch = Partial<FunctionSketch> & { code?: string; events?: readonly string[] };

function startWith(body: string, sketched: Sketch = {}) {
  const { code = ECHO, events = ["INVOKE", "SHUTDOWN"], ...sketch } = sketched;
  return start(code, { layer: { [FILE]: extensionCode(events, body) }, ...sketch });
}

/** The events that an extension has told the log of. */
function eventsIn(lines: readonly string[]): Record<string, unknown>[] {
  return lines
    .filter((line) => line.startsWith("EVENT "))
    .map((line) => JSON.parse(line.slice("EVENT ".length)) as Record<string, unknown>);
}

describe.concurrent("an external extension", () => {
  test("starts before the runtime, is told of invocations, and ends after the runtime", async () => {
    const f = await startWith(LISTENING, {
      code: `process.on("SIGTERM", () => { console.log("runtime ends"); process.exit(0); });
        console.log("runtime starts"); ${ECHO}`,
    });
    await f.idle();
    expect(f.lines).toContain("EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE, SHUTDOWN]");
    const before = Date.now();
    expect((await f.invoke(1, { traceId: "Root=1-0-0" })).value).toBe(1);
    await f.environment.stop("no longer needed");
    const [invoke, shutdown] = eventsIn(f.lines);
    expect(invoke).toEqual({
      eventType: "INVOKE",
      deadlineMs: expect.any(Number),
      requestId: "r-1",
      invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
      tracing: { type: "X-Amzn-Trace-Id", value: "Root=1-0-0" },
    });
    expect(shutdown).toEqual({
      eventType: "SHUTDOWN",
      deadlineMs: expect.any(Number),
      shutdownReason: "spindown",
    });
    const deadlineMs = Number(shutdown?.["deadlineMs"]);
    expect(deadlineMs).toBeGreaterThanOrEqual(before + 2_000);
    expect(deadlineMs).toBeLessThanOrEqual(Date.now() + 2_000);
    const ended = f.lines.findIndex((line) => line.endsWith("runtime ends"));
    expect(ended).toBeGreaterThan(0);
    expect(f.lines.findIndex((line) => line.includes('SHUTDOWN","deadlineMs'))).toBeGreaterThan(
      ended,
    );
  });

  test("gets AWS's variables, without those of the runtime", async () => {
    const f = await startWith(`console.log("ENV " + JSON.stringify(process.env)); ${LISTENING}`, {
      variables: { MINE: "yes" },
    });
    await f.idle();
    const line = f.lines.find((text) => text.startsWith("ENV "));
    const variables = JSON.parse(line?.slice(4) ?? "{}") as Record<string, string>;
    expect(variables).toMatchObject({ MINE: "yes", AWS_REGION: "us-east-1", TZ: ":UTC" });
    const withheld = Object.keys(variables).filter((name) =>
      /^_|^AWS_EXECUTION_ENV$|LOG_GROUP|LOG_STREAM|^LAMBDA_|XRAY/.test(name),
    );
    expect(withheld).toEqual([]);
  });

  test("keeps the environment from being free, not the caller from getting the answer", async () => {
    const f = await startWith(
      `await register(); await next(); for (;;) { await wait(300); console.log("worked"); await next(); }`,
    );
    await f.idle();
    const { logTail } = await f.send();
    expect(f.environment.phase).toBe("answered");
    expect(f.lines).not.toContain("worked");
    await logTail;
    const report = f.lines.find((line) => line.startsWith("REPORT"));
    expect(Number(/Duration: ([\d.]+) ms/.exec(report ?? "")?.[1])).toBeGreaterThan(290);
    expect(f.lines.indexOf("worked")).toBeLessThan(f.lines.indexOf(report ?? ""));
  });

  test("without INVOKE hears of no invocation and holds none up", async () => {
    const f = await startWith(LISTENING, { events: ["SHUTDOWN"] });
    expect((await f.invoke(1)).value).toBe(1);
    expect((await f.invoke(2)).value).toBe(2);
    await f.environment.stop("enough");
    expect(eventsIn(f.lines).map(({ eventType }) => eventType)).toEqual(["SHUTDOWN"]);
  });

  test("without SHUTDOWN is killed, and one that takes too long is killed as well", async () => {
    const f = await start(ECHO, {
      layer: {
        "extensions/a": extensionCode(["INVOKE"], "await register(); for (;;) await next();"),
        "extensions/b": extensionCode(
          ["SHUTDOWN"],
          'await register(); await next(); console.log("told"); await wait(60_000);',
        ),
      },
    });
    await f.idle();
    const startMs = performance.now();
    await f.environment.stop("enough", { budgetMsMax: 250 });
    expect(performance.now() - startMs).toBeGreaterThan(200);
    expect(performance.now() - startMs).toBeLessThan(1_500);
    expect(f.lines).toContain("told");
  });

  const losses: readonly (readonly [string, string, object, string])[] = [
    [
      "crashes in its init",
      "await register(); process.exit(3);",
      { errorType: "Extension.Crash", errorMessage: "RequestId: r-1 Error: exit status 3" },
      "Registered",
    ],
    [
      "ends before it registers",
      "process.exit(0);",
      { errorType: "Extension.Crash", errorMessage: "RequestId: r-1 Error: exit code 0" },
      "Started",
    ],
    [
      "tells of an init error and ends",
      'await register(); await tell("init", "Extension.Mine"); process.exit(1);',
      { errorType: "Extension.InitError", errorMessage: "RequestId: r-1 Error: exit status 1" },
      "InitError",
    ],
  ];

  test.each(losses)("that %s fails the init, which is repeated", async (...loss) => {
    const [, body, value, state] = loss;
    const f = await startWith(body);
    const outcome = await f.invoke();
    expect(outcome).toMatchObject({ isFunctionError: true, value });
    const { errorType } = value as { errorType: string };
    expect(f.lines).toContainEqual(
      expect.stringMatching(
        `^INIT_REPORT .*\\tPhase: init\\tStatus: error\\tError Type: ${errorType}$`,
      ),
    );
    expect(f.lines).toContainEqual(
      expect.stringContaining(`EXTENSION\tName: watcher\tState: ${state}\tEvents: [`),
    );
    expect(outcome.tail).toContain(`Status: error\tError Type: ${errorType}`);
  });

  test("that cannot be started fails the init in AWS's words", async () => {
    const f = await start(ECHO, { layer: { [FILE]: "#!/does/not/exist\n" } });
    expect((await f.invoke()).value).toEqual({
      errorType: "Extension.LaunchError",
      errorMessage:
        "RequestId: r-1 Error: fork/exec /opt/extensions/watcher: no such file or directory",
    });
  });

  test("that crashes in an invocation fails it, and everything starts again", async () => {
    const f = await startWith(
      `const { existsSync, writeFileSync } = require("node:fs");
      const flag = process.env.TMPDIR + "/crashed";
      await register(); await next();
      if (!existsSync(flag)) { writeFileSync(flag, ""); process.kill(process.pid, "SIGKILL"); }
      for (;;) await next();`,
      {
        code: `let count = 0;
        export const handler = async (ms) => { await new Promise((done) => setTimeout(done, ms)); return count += 1; };`,
      },
    );
    expect(await f.invoke(2_000)).toMatchObject({
      isFunctionError: true,
      value: { errorType: "Extension.Crash", errorMessage: "RequestId: r-1 Error: signal: killed" },
    });
    expect((await f.invoke(0)).value).toBe(1);
    expect((await f.invoke(0)).value).toBe(2);
  });

  test("that exits with an error of its own in an invocation is not taken for crashed", async () => {
    const f = await startWith(
      'await register(); await next(); await tell("exit", "Extension.Mine"); process.exit(1);',
      { code: "export const handler = () => new Promise((done) => setTimeout(done, 2_000));" },
    );
    expect((await f.invoke()).value).toMatchObject({ errorType: "Extension.ExitError" });
  });

  test("is told why an environment is reset", async () => {
    const clock = new HurriedClock();
    const f = await startWith(LISTENING, {
      code: `export const handler = async (event) => {
        if (event.end) process.exit(1);
        await new Promise((done) => setTimeout(done, event.ms ?? 0));
      };`,
      timeoutSec: 1,
      options: { clock },
    });
    await f.idle();
    await clock.hurry(3, () => f.invoke({ ms: 5_000 }));
    await f.invoke({ end: true });
    expect((await f.invoke({})).isFunctionError).toBe(false);
    const reasons = eventsIn(f.lines).flatMap(({ shutdownReason }) => shutdownReason ?? []);
    expect(reasons).toEqual(["timeout", "failure"]);
  });

  test("that ends while the environment is idle ends the environment", async () => {
    const f = await startWith(
      `const { existsSync } = require("node:fs");
      await register(); next();
      while (!existsSync(process.env.TMPDIR + "/idle")) await wait(10);
      process.exit(4);`,
      {
        events: ["SHUTDOWN"],
        code: `import { writeFileSync } from "node:fs";
        export const handler = async () => {
          setTimeout(() => writeFileSync(process.env.TMPDIR + "/idle", ""), 50);
        };`,
      },
    );
    await f.invoke();
    await f.stopped();
    expect(f.stops).toEqual(["an extension ended while idle: exit status 4"]);
  });
});

describe.concurrent("an internal extension", () => {
  const INTERNAL = `
    const base = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2020-01-01/extension/";
    const reply = await fetch(base + "register", {
      method: "POST", headers: { "Lambda-Extension-Name": "inner" }, body: '{"events":["INVOKE"]}',
    });
    const headers = { "Lambda-Extension-Identifier": reply.headers.get("lambda-extension-identifier") };
    const seen = [];
    (async () => { for (;;) {
      const event = await (await fetch(base + "event/next", { headers })).json();
      seen.push(event.requestId);
    } })();`;

  test("is told of invocations, and gives the runtime its SIGTERM", async () => {
    const f = await start(`${INTERNAL}
      process.on("SIGTERM", () => { console.log("ending"); process.exit(0); });
      export const handler = async () => { await new Promise((done) => setTimeout(done, 50)); return seen; };`);
    expect((await f.invoke()).value).toEqual(["r-1"]);
    expect((await f.invoke()).value).toEqual(["r-1", "r-2"]);
    await f.environment.stop("enough");
    expect(f.lines.at(-1)).toMatch(/\tending$/);
  });

  test("has 150 ms for the runtime to end, which is killed then", async () => {
    const f = await start(`${INTERNAL}
      process.on("SIGTERM", () => console.log("not yet"));
      export const handler = async () => 1;`);
    await f.invoke();
    const startMs = performance.now();
    await f.environment.stop("enough");
    expect(performance.now() - startMs).toBeGreaterThan(140);
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(f.lines.at(-1)).toMatch(/\tnot yet$/);
  });
});

describe.concurrent("an environment without extensions", () => {
  test("ends its runtime at once, without a SIGTERM", async () => {
    const f = await start(`process.on("SIGTERM", () => console.log("told")); ${ECHO}`);
    await f.invoke();
    await f.environment.stop("enough");
    expect(f.lines.filter((line) => line.endsWith("told"))).toEqual([]);
  });
});
