import type { CaseValue } from "../case-file.ts";
import { requestIdOf } from "../case-run.ts";
import { packageOf } from "../deployment-package.ts";
import type { Scenario } from "../scenario.ts";
import { withBody, withParams, withTexts } from "../step-changes.ts";

const echo = packageOf("echo.handler");

/** Invocations that succeed: what the function gets, what the caller gets, what the log says. */
export const INVOKE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "invoke-sync-echo": { code: echo },
  "invoke-dryrun-204": {
    code: echo,
    also: async (run, expect) => {
      // An invocation behind it shows what has run until then.
      const reply = await run.invoke({ Payload: '{"after":1}' });
      const log = await run.logOf(reply);
      expect(run.emulator.log(run.functionName).filter(isStart)).toEqual([log[0]]);
    },
  },
  "invoke-event-202": {
    code: echo,
    also: async (run, expect) => {
      const log = await run.logOf(run.lastReply);
      expect(log[1]).toMatch(/\tINFO\t\{\}$/);
      expect(run.lastReply.headers).not.toHaveProperty("x-amz-executed-version");
    },
  },
  "invoke-log-tail": {
    code: echo,
    observe: {
      logs: ({ lastReply }) => ({ logs: logTail(lastReply).split(/(?<=\n)/) }),
    },
    also: async (run, expect) => {
      const warm = logTail(await run.invoke({ Payload: "{}", LogType: "Tail" }));
      expect(warm).toContain("Max Memory Used: ");
      expect(warm).not.toContain("Init Duration");
    },
  },
  "invoke-undefined-result-is-null": { code: packageOf("echo.returnsNothing") },
  "invoke-client-context": {
    code: packageOf("context.returnsContext"),
    rewrite: (step) => {
      // Node 24 has no callbackWaitsForEmptyEventLoop in the context, and has xRayTraceId.
      return withBody(step, (body) => {
        const { context, ...rest } = body as { context: Readonly<Record<string, CaseValue>> };
        const { callbackWaitsForEmptyEventLoop: _gone, ...others } = context;
        return { ...rest, context: { ...others, xRayTraceId: "<any:trace-id>" } };
      });
    },
  },
  "invoke-qualifier-and-context": {
    code: packageOf("context.returnsEventAndContext"),
    names: () => ({ qualifier: "1" }),
    observe: {
      log_result: ({ lastReply }) => ({ log_result: linesBeforeReport(logTail(lastReply)) }),
    },
    rewrite: (step) => {
      // Python has two ways into the log; Node's runtime formats everything that console gets.
      return withTexts(step, (text) => {
        const printed = text.startsWith("Lambda log message - print");
        return printed ? `<any:iso-time>\t<uuid:2>\tINFO\t${text}` : nodeLogLine(text);
      });
    },
  },
  "request-id-is-the-same-everywhere": {
    code: packageOf("context.returnsRequestId"),
    rewrite: (step) => withTexts(step, nodeLogLine),
    observe: {
      log_entries: async (run) => {
        const lines = await run.logOf(run.lastReply);
        return { logs: lines.map((line) => line.trimEnd()) };
      },
    },
    also: async (run, expect) => {
      const requestId = requestIdOf(run.lastReply);
      expect(requestId).not.toBe("");
      expect(run.lastReply.json).toBe(requestId);
      for (const line of await run.logOf(run.lastReply)) expect(line).toContain(requestId);
    },
  },
};

/** Invocations that are refused before any function runs. */
export const INVOKE_ERROR_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "invoke-malformed-function-name": {
    // The recording's request has a piece of its test's code in the name.
    rewrite: (step) => {
      const name = "arn:aws:lambda:{region_name}:123400000000@function:myfn";
      return withParams(step, { FunctionName: name });
    },
  },
  "invoke-name-function-name-too-long": {},
  "invoke-name-incomplete-arn": {},
  "invoke-name-invalid-characters-in-function-name": {},
  "invoke-name-latest-version-with-additional-qualifier": {},
  "invoke-payload-not-json": {
    code: echo,
    also: (run, expect) => expect(run.emulator.log(run.functionName).filter(isStart)).toEqual([]),
  },
  "invoke-unknown-function-404": {
    // Recorded in 2023; the recordings of November 2025 (invoke-name-incomplete-arn) have :$LATEST.
    rewrite: (step) => withTexts(step, (text) => text.replace(/:doesnotexist$/, "$&:$$LATEST")),
  },
};

/** The functions of some recordings are Python ones: their log lines have the same fields otherwise. */
function nodeLogLine(text: string): string {
  return text.replace(/^\[INFO\]\tdate\t(<[^<>]+>)\t/, "<any:iso-time>\t$1\tINFO\t");
}

function isStart(line: string): boolean {
  return line.startsWith("START ");
}

function logTail({ headers }: { headers: Readonly<Record<string, string>> }): string {
  return Buffer.from(headers["x-amz-log-result"] ?? "", "base64").toString("utf8");
}

function linesBeforeReport(tail: string): string[] {
  return tail.split("\n").filter((line) => line !== "" && !line.startsWith("REPORT "));
}
