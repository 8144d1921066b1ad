import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, describe, expect, test, vi } from "vitest";

import { endFunctions, exited, start } from "./testing/started-functions.ts";
import { HurriedClock } from "./testing/hurried-clock.ts";
import { isRunning } from "./testing/is-running.ts";

const LIMIT_BYTES = 6_291_556;

// Each test starts processes, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } });

afterAll(endFunctions);

describe.concurrent("an environment", () => {
  test("answers invocations one after the other in one process", async () => {
    const f = await start(
      "let count = 0; export const handler = async (event) => ({ event, count: ++count, pid: process.pid });",
    );
    expect(f.environment.phase).toBe("initialising");
    const first = await f.invoke({ text: "ä€😀" });
    const second = await f.invoke({ a: 2 });
    expect(first).toMatchObject({ isFunctionError: false, isColdStart: true });
    expect(first.value).toMatchObject({ event: { text: "ä€😀" }, count: 1 });
    expect(second).toMatchObject({ isFunctionError: false, isColdStart: false });
    expect(second.value).toMatchObject({ event: { a: 2 }, count: 2 });
    expect(f.environment.invocationCount).toBe(2);
    expect(f.environment.initDurationMs).toBeGreaterThan(0);
  });

  test("gives null for a result that is undefined", async () => {
    const f = await start("export const handler = async () => undefined;");
    expect((await f.invoke()).text).toBe("null");
  });

  test("gives the function its context", async () => {
    const f = await start(
      `export const handler = async (event, context) => ({
        keys: Object.keys(context).sort(), id: context.awsRequestId, memory: context.memoryLimitInMB,
        client: context.clientContext, left: context.getRemainingTimeInMillis(), arn: context.invokedFunctionArn,
      });`,
    );
    const { value } = await f.invoke({}, { clientContext: '{"custom":{"a":"ü"}}' });
    expect(value).toMatchObject({
      keys: [
        "awsRequestId",
        "clientContext",
        "functionName",
        "functionVersion",
        "getRemainingTimeInMillis",
        "identity",
        "invokedFunctionArn",
        "logGroupName",
        "logStreamName",
        "memoryLimitInMB",
        "tenantId",
        "xRayTraceId",
      ],
      id: "r-1",
      memory: "128",
      client: { custom: { a: "ü" } },
      arn: "arn:aws:lambda:us-east-1:000000000000:function:f",
    });
    const { left } = value as { left: number };
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(10_000);
  });

  test("shows the function AWS's variables and none of its own", async () => {
    const f = await start("export const handler = async () => process.env;", {
      variables: { MINE: "yes", AWS_REGION: "mine" },
      options: { endpointUrl: "http://127.0.0.1:4701" },
    });
    const { value } = await f.invoke({}, { traceId: "Root=1-0-0" });
    expect(value).toMatchObject({
      MINE: "yes",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: "http://127.0.0.1:4701",
      _X_AMZN_TRACE_ID: "Root=1-0-0",
    });
    expect(value).not.toHaveProperty("HOME");
    expect(value).not.toHaveProperty("VITEST");
    expect(value).not.toHaveProperty("_LAMBDA_TELEMETRY_LOG_FD");
  });

  test("logs START, the function's lines in order, END and REPORT, and gives them as the tail", async () => {
    const f = await start(
      `export const handler = async () => {
        console.log("hi %s", "x"); process.stdout.write("raw\\nhalf"); console.warn("two\\nlines");
      };`,
    );
    const cold = await f.invoke();
    const [started, ...rest] = cold.tail.split("\n");
    expect(started).toBe("START RequestId: r-1 Version: $LATEST");
    expect(rest.filter((line) => /\tr-1\t/.test(line))).toEqual([
      expect.stringMatching(/^\d{4}-.*Z\tr-1\tINFO\thi x$/),
      expect.stringMatching(/^\d{4}-.*Z\tr-1\tWARN\ttwo$/),
    ]);
    expect(rest).toEqual(expect.arrayContaining(["raw", "half", "lines"]));
    expect(cold.tail).toMatch(
      /\nEND RequestId: r-1\nREPORT RequestId: r-1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\n$/,
    );
    const warm = await f.invoke();
    expect(warm.tail).toMatch(/\tMax Memory Used: \d+ MB\t\n$/);
    expect(f.lines[0]).toMatch(/^INIT_START /);
    expect(f.lines).toContainEqual(expect.stringMatching(/\tWARN\ttwo\nlines$/));
  });

  test("logs in JSON, at the levels that are set, where the function is configured so", async () => {
    const f = await start(
      `export const handler = async (event) => {
        console.info("unheard");
        console.warn("heard", { of: 1 });
        if (event.ends) process.exit(3);
      };`,
      { logging: { format: "JSON", applicationLevel: "WARN", systemLevel: "INFO" } },
    );
    await f.invoke();
    const failed = await f.invoke({ ends: true });
    const events = f.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map((event) => event["type"] ?? event["message"])).toEqual([
      "platform.initStart",
      "platform.start",
      "heard { of: 1 }",
      "platform.report",
      "platform.start",
      "heard { of: 1 }",
      "platform.runtimeDone",
      "platform.report",
    ]);
    expect(events[2]).toMatchObject({ level: "WARN", requestId: "r-1" });
    expect(events.at(-1)).toMatchObject({
      record: { requestId: "r-2", status: "error", errorType: "Runtime.ExitError" },
    });
    expect(failed.tail).toBe(
      f.lines
        .slice(4)
        .map((line) => `${line}\n`)
        .join(""),
    );
  });

  test("keeps a line that is logged last before its REPORT, thirty times over", async () => {
    const f = await start(
      "export const handler = async (event) => { for (let i = 0; i < 20; i += 1) console.log(`line ${event}.${i}`); };",
    );
    for (let turn = 0; turn < 30; turn += 1) {
      const { tail } = await f.invoke(turn);
      const lines = tail.split("\n");
      expect(lines).toHaveLength(24);
      expect(lines[20]).toMatch(new RegExp(`line ${turn}\\.19$`));
    }
  });

  test("takes 6 MB both ways and refuses what is larger, and stays usable", async () => {
    const f = await start(
      `export const handler = async (event) =>
        event.size === undefined ? event.text.length : "a".repeat(event.size);`,
    );
    expect((await f.invoke({ text: "€".repeat(2_000_000) })).value).toBe(2_000_000);
    // A string of n characters is n + 2 bytes of JSON.
    const largest = await f.invoke({ size: LIMIT_BYTES - 2 });
    expect(largest.isFunctionError).toBe(false);
    expect(largest.text.length).toBe(LIMIT_BYTES);
    const { value, isFunctionError } = await f.invoke({ size: LIMIT_BYTES - 1 });
    expect(isFunctionError).toBe(true);
    expect(value).toEqual({
      errorType: "Function.ResponseSizeTooLarge",
      errorMessage: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    });
    expect((await f.invoke({ size: 1 })).value).toBe("a");
  });

  test("buffers the answer of a streaming function", async () => {
    const f = await start(
      `export const handler = awslambda.streamifyResponse(async (event, stream) => {
        if (event.fail) { stream.write("x"); throw new TypeError("midway"); }
        for (const part of ["[1", ",2", "]"]) stream.write(part);
        stream.end();
      });`,
    );
    expect((await f.invoke()).value).toEqual([1, 2]);
    expect(await f.invoke({ fail: true })).toMatchObject({
      isFunctionError: true,
      value: { errorType: "TypeError", errorMessage: "midway" },
    });
    expect((await f.invoke()).value).toEqual([1, 2]);
  });

  test("lets a function start worker threads and forks, which are not runtimes", async () => {
    const f = await start("", {
      files: {
        "index.mjs": `
          import { fork } from "node:child_process"; import { once } from "node:events";
          import { Worker } from "node:worker_threads";
          export const handler = async () => {
            const worker = new Worker('require("node:worker_threads").parentPort.postMessage("thread")', { eval: true });
            const [fromThread] = await once(worker, "message");
            const child = fork(new URL("./child.mjs", import.meta.url));
            const [fromFork] = await once(child, "message");
            const [code] = await once(child, "exit");
            return [fromThread, fromFork, code];
          };`,
        "child.mjs": 'process.send("fork", () => process.disconnect());',
      },
    });
    expect((await f.invoke()).value).toEqual(["thread", "fork", 0]);
  });

  test("refuses a second invocation while one is under way", async () => {
    const f = await start("export const handler = async () => 1;");
    const first = f.send();
    expect(() => f.send()).toThrow(/one invocation at a time/);
    await first;
  });
});

describe.concurrent("a wrapper", () => {
  test("starts the runtime in its own way", async () => {
    const f = await start("export const handler = async () => process.env.WRAPPED;");
    await f.end();
    const wrapped = await start("", {
      files: {
        "index.mjs": "export const handler = async () => process.env.WRAPPED;",
        wrap: '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n',
      },
      variables: { AWS_LAMBDA_EXEC_WRAPPER: "./wrap" },
    });
    expect((await wrapped.invoke()).value).toBe("yes");
  });
});

describe.concurrent("an invocation that runs into its timeout", () => {
  const CODE = `
    import { spawn } from "node:child_process"; import fs from "node:fs";
    const file = process.env.TMPDIR + "/kept"; let number = 0;
    export const handler = async (event) => {
      if (event.write) { fs.writeFileSync(file, event.write); number = 42; }
      if (event.spin) for (;;);
      if (event.sleep) {
        const child = spawn("sleep", ["600"], { stdio: "ignore" });
        console.log("starting wait", child.pid);
        await new Promise((done) => setTimeout(done, event.sleep));
        console.log("done waiting");
      }
      return { kept: fs.readFileSync(file, "utf8"), number };
    };`;

  test("ends the process group; /tmp survives, the state of the module does not", async () => {
    const clock = new HurriedClock();
    const f = await start(CODE, { timeoutSec: 1, options: { clock } });
    expect((await f.invoke({ write: "some-content" })).value).toEqual({
      kept: "some-content",
      number: 42,
    });
    const timedOut = await clock.hurry(3, () => f.invoke({ sleep: 5000 }));
    expect(timedOut).toMatchObject({
      isFunctionError: true,
      durationMs: 1000,
      value: {
        errorType: "Sandbox.Timedout",
        errorMessage: "RequestId: r-2 Error: Task timed out after 1.00 seconds",
      },
    });
    expect(timedOut.tail).toContain("starting wait");
    expect(timedOut.tail).not.toContain("done waiting");
    expect(timedOut.tail).toMatch(
      /Task timed out after 1\.00 seconds\nEND .*\nREPORT .*Status: timeout\n$/,
    );
    const sleeper = /starting wait (\d+)/.exec(timedOut.tail)?.[1];
    await vi.waitFor(() => expect(isRunning(Number(sleeper))).toBe(false), 10_000);
    const after = await f.invoke({});
    expect(after.value).toEqual({ kept: "some-content", number: 0 });
  });

  test("ends a function that never comes back to its event loop", async () => {
    const clock = new HurriedClock();
    const f = await start(CODE, { timeoutSec: 1, options: { clock } });
    await f.idle();
    const spinning = await clock.hurry(5, () => f.invoke({ spin: true }));
    expect(spinning.value).toMatchObject({ errorType: "Sandbox.Timedout" });
    expect((await f.invoke({ write: "again" })).value).toMatchObject({ kept: "again" });
  });
});

describe.concurrent("the end of an environment", () => {
  test("by its process ending while idle is told", async () => {
    const f = await start(
      "export const handler = async () => { setTimeout(() => process.exit(1), 100); return 1; };",
    );
    await f.invoke();
    await f.stopped();
    expect(f.environment.phase).toBe("stopped");
    expect(f.stops).toEqual([expect.stringContaining("ended while idle: exit status 1")]);
  });

  test("answers the invocation under way", async () => {
    const f = await start(
      "export const handler = () => new Promise((done) => setTimeout(done, 9999));",
    );
    await f.idle();
    const sent = f.send();
    await f.environment.stop("no longer needed");
    const outcome = await sent;
    expect(outcome.isFunctionError).toBe(true);
    expect(JSON.parse(Buffer.from(outcome.payload).toString())).toEqual(
      exited("r-1", "Runtime exited with error: signal: killed"),
    );
    expect(Buffer.from(await outcome.logTail).toString()).toMatch(/^START .*\n[^]*REPORT /);
  });

  test("before it has begun leaves nothing behind", async () => {
    const f = await start("export const handler = async () => 1;");
    const sent = f.send();
    await f.environment.stop("at once");
    expect((await sent).isFunctionError).toBe(true);
    expect((await (await sent).logTail).length).toBe(0);
    expect(f.stops).toEqual(["at once"]);
  });

  test("is told once, however often it is asked for, and removes its folder", async () => {
    const f = await start("export const handler = async () => process.env.TMPDIR;");
    const folder = String((await f.invoke()).value);
    expect(existsSync(folder)).toBe(true);
    await Promise.all([f.environment.stop("one"), f.environment.stop("two")]);
    await f.environment.stop("three");
    expect(f.stops).toEqual(["one"]);
    expect(existsSync(folder)).toBe(false);
    expect(() => f.send()).toThrow(/does not take invoke/);
  });
});

// The variable is the whole process's, so nothing else may start meanwhile.
describe("the end of an environment in a folder that is gone", () => {
  test("comes also when its folder cannot be removed, and tells of that", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "pilotlight-stuck-"));
    vi.stubEnv("TMPDIR", folder);
    const f = await start("export const handler = async () => 1;");
    await f.idle();
    vi.unstubAllEnvs();
    // A file in the place of the folder: nothing in it can be removed.
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "");
    await f.environment.stop("the end");
    expect(f.stops).toEqual(["the end"]);
    expect(f.lines.at(-1)).toMatch(/could not remove the function's \/tmp: ENOTDIR/);
    rmSync(folder);
  });
});
