import type { CaseValue } from "../case-file.ts";
import { packageOf, sourceOf, withWrapper } from "../deployment-package.ts";
import type { Scenario } from "../scenario.ts";
import { withBody } from "../step-changes.ts";

/** Large payloads, and functions that take too long. */
export const LIMIT_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "invoke-5mb-request-and-response": { code: packageOf("echo.echoes") },
  "invoke-response-exactly-6mib": { code: packageOf("sizes.handler") },
  "invoke-response-over-6mb": {
    code: packageOf("sizes.handler"),
    also: async (run, expect) => {
      for (const reply of run.replies) {
        const log = await run.logOf(reply);
        expect(log[1]).toMatch(/\tINFO\treturning 7340032 letters$/);
      }
      const small = await run.invoke({ Payload: '{"bytenum":3}' });
      expect(small.json).toBe("aaa");
    },
  },
  "invoke-timeout": {
    code: packageOf("waiting.handler"),
    also: async (run, expect) => {
      const log = (await run.logOf(run.lastReply)).join("\n");
      expect(log).toContain("starting wait");
      expect(log).not.toContain("done waiting");
    },
  },
  "invoke-within-timeout": {
    code: packageOf("waiting.handler"),
    also: async (run, expect) => {
      const log = (await run.logOf(run.lastReply)).join("\n");
      expect(log).toContain("starting wait");
      expect(log).toContain("done waiting");
    },
  },
  "timeout-keeps-tmp-resets-process": {
    code: packageOf("waiting.keeps"),
    // Recorded in 2024; the case invoke-timeout has the wording of today.
    rewrite: (step) => withBody(step, (body) => (isOldTimeout(body) ? TIMEOUT_BODY : body)),
  },
};

/** Functions that fail, whoever notices. */
export const FAILURE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "exec-wrapper-missing-127": { code: packageOf("echo.handler") },
  "exit-zero-in-handler": { code: packageOf("failing.exitsWithZero") },
  "exit-zero-in-init": { code: packageOf("init-exits.handler") },
  "handler-throws-node24": {
    code: packageOf("failing.throws"),
    also: ({ lastReply }, expect) => {
      const trace = traceOf(lastReply.json);
      expect(trace[0]).toBe("Error: Error: some_error_msg");
      expect(trace.every((line) => typeof line === "string")).toBe(true);
    },
  },
  "init-throws": {
    code: packageOf("init-throws.handler"),
    // The note of the case says what the error object is on Node.
    rewrite: (step) => {
      return withBody(step, (body) => {
        const { $otherFields: _python, ...others } = Object(body) as Record<string, CaseValue>;
        return { ...others, errorType: "Error", trace: "<any:array-of-strings>" };
      });
    },
  },
  "node24-callback-handler-rejected": { code: packageOf("failing.takesCallback") },
  "node24-circular-result": {
    code: packageOf("failing.returnsCircle"),
    also: async (run, expect) => {
      const { json } = await run.invoke({ Payload: '{"isBigInt":true}' });
      expect(json).toMatchObject({ errorType: "Runtime.JSONStringifyError" });
    },
  },
  "node24-console-format": {
    code: packageOf("console-lines.handler"),
    settings: withWrapper("without-log-descriptor.sh"),
    observe: {
      "function log": async (run) => {
        const log = await run.logOf(await run.invoke());
        return log.slice(1, -2).map((line) => `${line}\n`);
      },
    },
    also: (run, expect) => {
      const lines = run.emulator.log(run.functionName);
      const outside = lines.find((line) => line.endsWith("outside of any invocation"));
      expect(outside).toMatch(/^\S+Z\t-\tINFO\toutside of any invocation$/);
    },
  },
  "node24-context": {
    code: packageOf("context.returnsContextKeys"),
    also: (run, expect) => {
      const keys = run.lastReply.json;
      for (const gone of ["callbackWaitsForEmptyEventLoop", "done", "succeed", "fail"]) {
        expect(keys).not.toContain(gone);
      }
    },
  },
  "node24-exit-code": { code: packageOf("failing.exitsWithSeven") },
  "node24-handler-not-exported": {
    code: { handler: "exp.nope", files: { "exp.mjs": sourceOf("echo.mjs") } },
  },
  "node24-killed-by-signal": { code: packageOf("failing.isKilled") },
  "node24-module-missing": {
    code: { handler: "nomodule.handler", files: { "echo.mjs": sourceOf("echo.mjs") } },
  },
  "node24-pending-promise-empty-loop": { code: packageOf("failing.waitsForNothing") },
  "node24-throw-string": {
    code: packageOf("failing.throwsString"),
    // The note of the case says that there is a trace, and that it is empty.
    rewrite: (step) => withBody(step, (body) => ({ ...Object(body), trace: [] })),
  },
  "node24-unhandled-rejection": {
    code: packageOf("failing.leavesRejection"),
    also: async (run, expect) => {
      const log = (await run.logOf(run.lastReply)).join("\n");
      expect(log).toContain("nobody handles this");
      expect(log).toMatch(/\n\s+at \S*leavesRejection /);
    },
  },
};

const TIMEOUT_BODY: CaseValue = {
  errorType: "Sandbox.Timedout",
  errorMessage: "RequestId: <uuid> Error: Task timed out after 1.00 seconds",
};

function isOldTimeout(body: CaseValue): boolean {
  return JSON.stringify(body).includes("Task timed out");
}

function traceOf(error: unknown): readonly unknown[] {
  const { trace } = error as { trace?: readonly unknown[] };
  return trace ?? [];
}
