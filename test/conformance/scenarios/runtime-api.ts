import type { ExpectStatic } from "vitest";

import type { CaseRun } from "../case-run.ts";
import type { HttpReply } from "../http-reply.ts";
import { PlayedRuntime } from "../played-runtime.ts";
import type { Scenario } from "../scenario.ts";

const BYTES_MAX = 6_291_556;

const UNHANDLED = { "x-amz-function-error": "Unhandled" };

/** The Runtime API, from the side of the runtime, and what its calls do to the caller of Invoke. */
export const RUNTIME_API_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "rapi-next-headers": played({
    invocation: {
      ClientContext: Buffer.from('{"custom":{"a":1}}').toString("base64"),
    },
    after: async ({ runtime, event }, expect) => {
      const own = Object.entries(event.headers).filter(([name]) => name.startsWith("lambda-"));
      expect(own.filter(([, value]) => value === "")).toEqual([]);
      for (const name of ["cognito-identity", "aws-tenant-id"]) {
        expect(event.headers).not.toHaveProperty(`lambda-runtime-${name}`);
      }
      // The function's timeout is 30 s.
      const deadline = Number(event.headers["lambda-runtime-deadline-ms"]);
      expect(deadline).toBeGreaterThan(Date.now());
      expect(deadline).toBeLessThanOrEqual(Date.now() + 30_000);
      expect(await runtime.caller).toMatchObject({ status: 200, json: { a: 1 } });
    },
  }),
  "rapi-error-post": played({
    after: async ({ runtime }, expect) => {
      const reply = await runtime.caller;
      expect(reply).toMatchObject({ status: 200, headers: UNHANDLED });
      expect(reply.text).toBe('{"errorMessage":"m","errorType":"T"}');
    },
  }),
  "rapi-error-cause-content-type": played({
    after: async ({ runtime }, expect) => {
      const reply = await runtime.caller;
      expect(reply).toMatchObject({ status: 200, headers: UNHANDLED });
      expect(reply.json).toEqual({ errorMessage: "m", errorType: "T" });
    },
  }),
  "rapi-init-error-after-init": played({ after: callerGetsTwo }),
  "rapi-init-error-then-next": played({
    after: async ({ runtime, run }, expect) => {
      // Lambda repeats a failed init within the invocation, so the new process posts it again.
      await runtime.restart();
      const [post] = run.file.steps;
      await runtime.call(post?.when ?? {});
      const reply = await runtime.caller;
      expect(reply).toMatchObject({ status: 200, headers: UNHANDLED });
      expect(reply.json).toEqual({ errorMessage: "m", errorType: "Runtime.ImportModuleError" });
    },
  }),
  "rapi-invalid-response-mode": played({
    after: async ({ runtime }, expect) => {
      expect(await runtime.caller).toMatchObject({ status: 200, headers: UNHANDLED });
    },
  }),
  "rapi-response-too-large": played({
    after: async ({ run, runtime }, expect) => {
      const refused = await runtime.caller;
      expect(refused.json).toMatchObject({ errorType: "Function.ResponseSizeTooLarge" });
      const asking = runtime.next();
      await run.logOf(refused);
      const second = run.invoke();
      const event = await asking;
      expect(event.status).toBe(200);
      const largest = `"${"x".repeat(BYTES_MAX - 2)}"`;
      expect(await runtime.respond(event, largest)).toMatchObject({ status: 202 });
      expect((await second).text).toBe(largest);
    },
  }),
  "rapi-response-twice": played({ after: callerGetsTwo }),
  "rapi-response-wrong-id": played({ after: callerGetsTwo }),
  "rapi-routes": played({
    after: async ({ runtime, event }, expect) => {
      expect(await runtime.respond(event, "2")).toMatchObject({ status: 202 });
      expect((await runtime.caller).text).toBe("2");
    },
  }),
};

interface Play {
  readonly run: CaseRun;
  readonly runtime: PlayedRuntime;
  /** The answer to the first call, which in most cases is the event. */
  readonly event: HttpReply;
}

async function callerGetsTwo({ runtime }: Play, expect: ExpectStatic): Promise<void> {
  expect(await runtime.caller).toMatchObject({ status: 200, text: "2" });
}

/** A scenario in which the test is the runtime; `after` looks at the caller's side. */
function played({
  invocation = {},
  after,
}: {
  invocation?: Readonly<Record<string, unknown>>;
  after: (play: Play, expect: ExpectStatic) => Promise<void>;
}): Scenario {
  return {
    play: async (run) => {
      await using runtime = await PlayedRuntime.start(run, invocation);
      for (const [index, { when, then }] of run.file.steps.entries()) {
        const reply = await runtime.call(when ?? {});
        run.replies.push(reply);
        const found = run.check(reply, then ?? {});
        if (found.length > 0) return found.map((sentence) => `step ${index}: ${sentence}`);
      }
      const [event] = run.replies;
      if (event === undefined) return ["the case makes no call"];
      await after({ run, runtime, event }, run.expect);
      return [];
    },
  };
}
