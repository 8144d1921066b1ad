import { afterAll, describe, expect, test, vi } from "vitest";

import { scaledClock } from "../clock.ts";
import type { FunctionSketch } from "./testing/function-under-test.ts";
import { endFunctions, exited, start } from "./testing/started-functions.ts";

// Each test starts processes, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } });

afterAll(endFunctions);

/** Behind a wrapper the runtime speaks HTTP with its Runtime API. */
const BEHIND_WRAPPER = { variables: { AWS_LAMBDA_EXEC_WRAPPER: "/usr/bin/env" } };

describe.concurrent("an invocation that fails in the function", () => {
  const outcomes: readonly (readonly [string, string, object])[] = [
    [
      "throws an error",
      'throw new Error("Error: e");',
      {
        errorType: "Error",
        errorMessage: "Error: e",
        trace: expect.arrayContaining(["Error: Error: e"]),
      },
    ],
    [
      "throws a string",
      'throw "just a string";',
      { errorType: "string", errorMessage: "just a string", trace: [] },
    ],
    [
      "returns a circle",
      "const a = {}; a.a = a; return a;",
      {
        errorType: "Runtime.JSONStringifyError",
        errorMessage: "Unable to stringify response body",
        trace: expect.any(Array),
      },
    ],
    ["returns a BigInt", "return 1n;", { errorType: "Runtime.JSONStringifyError" }],
  ];

  test("gives the caller the error, and its process lives on", async () => {
    const ways = outcomes.map(([name, code]) => `${JSON.stringify(name)}: async () => { ${code} }`);
    const f = await start(
      `console.log("loaded"); const ways = { ${ways.join(", ")} };
      export const handler = async (way) => ways[way]();`,
    );
    for (const [name, , error] of outcomes) {
      expect(await f.invoke(name)).toMatchObject({ isFunctionError: true, value: error });
    }
    expect(f.lines.filter((line) => line.endsWith("loaded"))).toHaveLength(1);
  });
});

describe.concurrent("an invocation whose process ends", () => {
  const endings: readonly (readonly [string, string, string])[] = [
    ["exits with 7", "process.exit(7)", "Runtime exited with error: exit status 7"],
    ["exits with 0", "process.exit(0)", "Runtime exited without providing a reason"],
    [
      "is killed",
      'process.kill(process.pid, "SIGKILL"); await new Promise(() => setInterval(() => 0, 9))',
      "Runtime exited with error: signal: killed",
    ],
    ["aborts", "process.abort()", "Runtime exited with error: signal: aborted"],
    [
      "leaves a rejection unhandled",
      'Promise.reject(new Error("lost")); await new Promise((done) => setTimeout(done, 200))',
      "Runtime exited with error: exit status 1",
    ],
    [
      "awaits what nobody settles",
      "await new Promise(() => undefined)",
      "Runtime exited without providing a reason",
    ],
  ];

  test.each(endings)("%s: the caller learns how, a new process serves the next", async (...one) => {
    const [, code, reason] = one;
    const f = await start(
      `export const handler = async (event) => { if (event.end) { ${code} } };`,
    );
    const id = f.environment.id;
    const failed = await f.invoke({ end: true });
    expect(failed).toMatchObject({ isFunctionError: true, value: exited("r-1", reason) });
    expect(failed.tail).toMatch(
      /Runtime\.ExitError\nEND RequestId: r-1\nREPORT .*\tStatus: error\tError Type: Runtime\.ExitError\n$/,
    );
    expect(await f.invoke()).toMatchObject({ isFunctionError: false, isColdStart: false });
    expect(f.environment.id).toBe(id);
  });

  test("keeps the answer of a process that ends in the turn of its answer", async () => {
    const f = await start(
      // The answer is posted as soon as it is text, and the microtask runs right after that.
      `export const handler = async (event) => event.end
        ? { toJSON() { queueMicrotask(() => process.exit(3)); return "answered"; } }
        : "alive";`,
    );
    const { value, isFunctionError, tail } = await f.invoke({ end: true });
    expect([value, isFunctionError]).toEqual(["answered", false]);
    expect(tail).toMatch(/\nEND RequestId: r-1\nREPORT /);
    expect((await f.invoke()).value).toBe("alive");
  });

  test("keeps the answer of a process that ends while it asks for the next event", async () => {
    const f = await start(
      `export const handler = async () => ({
        toJSON() { setImmediate(() => process.exit(3)); return "answered"; },
      });`,
    );
    const { payload, isFunctionError } = await f.send();
    expect([Buffer.from(payload).toString(), isFunctionError]).toEqual(['"answered"', false]);
  });

  test.each(["process.exit(0)", 'process.kill(process.pid, "SIGKILL")'])(
    "keeps an answer of five megabytes when %s follows at once",
    async (ending) => {
      const f = await start(
        // The runtime posts an answer one immediate after the handler; an end before that loses it in AWS too.
        `export const handler = async () => ({
          toJSON() { setImmediate(() => ${ending}); return "a".repeat(5_000_000); },
        });`,
      );
      const { payload, isFunctionError } = await f.send();
      expect([payload.length, isFunctionError]).toEqual([5_000_002, false]);
    },
  );

  test("ends a function that writes into its runtime's channel, and serves the next", async () => {
    const f = await start(
      `import { writeSync } from "node:fs";
      export const handler = async (event) => {
        if (event.write) writeSync(5, Buffer.alloc(100, 0xff));
        return "alive";
      };`,
    );
    expect((await f.invoke({ write: true })).value).toMatchObject({
      errorType: "Runtime.ExitError",
    });
    expect((await f.invoke()).value).toBe("alive");
  });

  test("keeps the answer of a process that ends right after it has sent it by HTTP", async () => {
    const f = await start(
      `import http from "node:http";
      export const handler = async (event) => {
        if (!event.end) return "alive";
        const { end } = http.ClientRequest.prototype;
        http.ClientRequest.prototype.end = function (...rest) {
          this.once("finish", () => process.exit(3));
          return end.apply(this, rest);
        };
        return "answered";
      };`,
      BEHIND_WRAPPER,
    );
    const { value, isFunctionError, tail } = await f.invoke({ end: true });
    expect([value, isFunctionError]).toEqual(["answered", false]);
    expect(tail).toMatch(/\nEND RequestId: r-1\nREPORT /);
    expect((await f.invoke()).value).toBe("alive");
  });

  test("behind a wrapper, gives the caller errors and exits in the same way", async () => {
    const f = await start(
      `export const handler = async (event) => {
        if (event.error) throw new TypeError("no ä");
        if (event.end) await new Promise(() => undefined);
        return event;
      };`,
      BEHIND_WRAPPER,
    );
    expect((await f.invoke({ error: true })).value).toMatchObject({ errorMessage: "no ä" });
    expect((await f.invoke({ end: true })).value).toEqual(
      exited("r-2", "Runtime exited without providing a reason"),
    );
    expect((await f.invoke({ text: "€" })).value).toEqual({ text: "€" });
  });

  test("an uncaught error leaves its stack in the log", async () => {
    const f = await start(
      `export const handler = async () => {
        setTimeout(() => { throw new Error("nobody catches this"); }, 0);
        await new Promise((done) => setTimeout(done, 500));
      };`,
    );
    const { value, tail } = await f.invoke();
    expect(value).toEqual(exited("r-1", "Runtime exited with error: exit status 1"));
    expect(tail).toContain("nobody catches this");
  });
});

test("a result that JSON does not have is an error, as the native client says", async () => {
  const code = "export const handler = async (event) => (event.is === 1 ? () => 1 : Symbol());";
  const f = await start(code);
  const value = { errorType: "TypeError", errorMessage: "Wrong arguments" };
  for (const is of [1, 2]) {
    expect(await f.invoke({ is })).toMatchObject({ isFunctionError: true, value });
  }
});

describe.concurrent("an init phase that fails", () => {
  const failures: readonly (readonly [string, Partial<FunctionSketch>, object])[] = [
    [
      "by an error while loading",
      { files: { "index.mjs": 'throw new Error("Runtime startup fails");' } },
      { errorType: "Error", errorMessage: "Runtime startup fails", trace: expect.any(Array) },
    ],
    [
      "by a missing module",
      { handler: "nomodule.handler" },
      {
        errorType: "Runtime.ImportModuleError",
        errorMessage: expect.stringMatching(
          /^Error: Cannot find module 'nomodule'\nRequire stack:\n- /,
        ),
      },
    ],
    [
      "by a missing export",
      { files: { "exp.mjs": "export const other = 1;" }, handler: "exp.nope" },
      {
        errorType: "Runtime.HandlerNotFound",
        errorMessage: "exp.nope is undefined or not exported",
      },
    ],
    [
      "by a handler with a callback",
      {
        files: { "index.mjs": "export const handler = (event, context, callback) => callback();" },
      },
      {
        errorType: "Runtime.CallbackHandlerDeprecated",
        errorMessage: expect.stringContaining("callback-based function handlers"),
      },
    ],
    [
      "by a syntax error",
      { files: { "index.mjs": "export const handler = async () => {" } },
      { errorType: "Runtime.UserCodeSyntaxError" },
    ],
    [
      "by exiting with 0",
      { files: { "index.mjs": "process.exit(0);" } },
      exited("r-1", "Runtime exited without providing a reason"),
    ],
    [
      "by exiting with 3",
      { files: { "index.mjs": "process.exit(3);" } },
      exited("r-1", "Runtime exited with error: exit status 3"),
    ],
    [
      "by a wrapper that is not there",
      { variables: { AWS_LAMBDA_EXEC_WRAPPER: "/idontexist.sh" } },
      exited("r-1", "Runtime exited with error: exit status 127"),
    ],
  ];

  test.each(failures)("%s is repeated in the first invocation", async (...failure) => {
    const [, sketch, error] = failure;
    const f = await start("export const handler = async () => 1;", sketch);
    expect(await f.invoke()).toMatchObject({
      isFunctionError: true,
      isColdStart: true,
      value: error,
    });
    expect(f.lines.filter((line) => line.startsWith("INIT_START"))).toHaveLength(2);
    expect(f.lines).toContainEqual(
      expect.stringMatching(/^INIT_REPORT .*\tPhase: init\tStatus: error\tError Type: /),
    );
  });

  test("is repeated in every invocation, by a process of its own", async () => {
    const f = await start("process.exit(3);");
    await f.invoke();
    expect(await f.invoke()).toMatchObject({ isFunctionError: true, isColdStart: false });
    expect(f.lines.filter((line) => line.startsWith("INIT_START"))).toHaveLength(3);
  });

  test("ahead of any invocation leaves the environment idle", async () => {
    const f = await start(
      `import fs from "node:fs";
      const flag = process.env.TMPDIR + "/tried";
      if (!fs.existsSync(flag)) { fs.writeFileSync(flag, ""); throw new Error("first time"); }
      export const handler = async () => "second time";`,
    );
    await f.idle();
    expect(f.environment.initDurationMs).toBeUndefined();
    const outcome = await f.invoke();
    expect(outcome).toMatchObject({ value: "second time", isFunctionError: false });
    // The init that succeeded counts as time of the invocation.
    expect(outcome.tail).not.toContain("Init Duration");
  });

  test("by taking longer than 10 s is repeated under the function's timeout", async () => {
    const clock = scaledClock(40);
    const f = await start(
      `import fs from "node:fs";
      const flag = process.env.TMPDIR + "/tried";
      if (!fs.existsSync(flag)) { fs.writeFileSync(flag, ""); await new Promise((done) => setTimeout(done, 60_000)); }
      export const handler = async () => "in time";`,
      { timeoutSec: 60, options: { clock } },
    );
    expect((await f.invoke()).value).toBe("in time");
    expect(f.lines).toContainEqual(expect.stringMatching(/^INIT_REPORT .*\tStatus: timeout$/));
  });

  test("that cannot even start says so", async () => {
    const f = await start("export const handler = async () => 1;", {
      variables: { AWS_LAMBDA_EXEC_WRAPPER: "x".repeat(3_000_000) },
    });
    expect(await f.invoke()).toMatchObject({
      isFunctionError: true,
      value: { errorType: "Runtime.InvalidEntrypoint" },
    });
  });
});
