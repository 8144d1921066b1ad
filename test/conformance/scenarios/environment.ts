import type { CaseRun } from "../case-run.ts";
import { sourceOf } from "../deployment-package.ts";
import type { Scenario } from "../scenario.ts";

/** The environment variables of a function. */
export const ENVIRONMENT_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "environment-node24": {
    code: {
      handler: "index.handler",
      files: {
        "index.mjs": 'export { returnsEnvironment as handler } from "./context.mjs";',
        "context.mjs": sourceOf("context.mjs"),
      },
    },
    settings: { MemorySize: 1024, Environment: { Variables: { TEST_KEY: "TEST_VAL" } } },
    observe: {
      create_function_result: ({ creation }) => creation,
      invocation_result_payload: lastAsOnAws,
      invocation_result_payload_qualified: lastAsOnAws,
    },
    also: ({ replies }, expect) => {
      for (const { json } of replies) {
        const { ctx } = json as Answer;
        expect(ctx.remaining_time_in_millis).toBeGreaterThan(0);
        expect(ctx.remaining_time_in_millis).toBeLessThanOrEqual(3000);
      }
      const [first, second] = replies.map(({ json }) => {
        const { _X_AMZN_TRACE_ID: _own, ...others } = (json as Answer).environment;
        return others;
      });
      expect(second).toEqual(first);
    },
  },
};

interface Answer {
  readonly environment: Readonly<Record<string, string>>;
  readonly ctx: { readonly remaining_time_in_millis: number };
}

/** Variables that a function has here and not on AWS. */
const ADDED: Readonly<Record<string, RegExp>> = {
  TMPDIR: /^\/\S+$/,
  AWS_ENDPOINT_URL: /^http:\/\/127\.0\.0\.1:\d+$/,
};

/**
 * What the function says of its environment, with the differences undone that a laptop makes: the
 * code lies in a folder of its own instead of /var/task, PATH begins with the Node that runs it, the
 * Runtime API has a free port, and two variables are added.
 */
function lastAsOnAws({ lastReply }: CaseRun): unknown {
  const { environment, ...others } = lastReply.json as Answer;
  const task = environment["LAMBDA_TASK_ROOT"] ?? "";
  const members = Object.entries(environment).filter(([name, value]) => !ADDED[name]?.test(value));
  const onAws = members.map(([name, value]) => {
    return [name, onAwsValue(name, value.replaceAll(task, "/var/task"))] as const;
  });
  return { ...others, environment: Object.fromEntries(onAws) };
}

function onAwsValue(name: string, value: string): string {
  if (name === "PATH") return value.split(":").slice(1).join(":");
  if (name !== "AWS_LAMBDA_RUNTIME_API") return value;
  return value.replace(/^127\.0\.0\.1:\d+$/, "169.254.100.1:9001");
}
