import { zipSync } from "fflate";
import type { ExpectStatic } from "vitest";

import type { CaseRun } from "../case-run.ts";
import { packageOf } from "../deployment-package.ts";
import { eventually } from "../emulator-under-test.ts";
import { operation } from "../aws-call.ts";
import type { Scenario } from "../scenario.ts";
import { withParams } from "../step-changes.ts";

/** Sleep of the invocation that an update meets; on AWS it was 20 s, with the update after 5 s. */
const SLEEP_SEC = 2;

/** Functions on their way from one configuration to the next. */
export const LIFECYCLE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "create-pending-then-active": { code: packageOf("echo.handler") },
  "env-vars-over-4kb": {
    code: packageOf("echo.handler"),
    names: () => ({ large_envvar: "x".repeat(4096) }),
  },
  "concurrent-code-update-conflict": {
    code: packageOf("echo.handler"),
    names: () => ({ zip_file_1: variant("1"), zip_file_2: variant("2") }),
  },
  "running-invoke-keeps-old-config": {
    code: packageOf("waiting.returnsVariant"),
    settings: { Timeout: 20 },
    rewrite: (step) => {
      if (step.when?.api !== "Invoke") return step;
      const event = { request_prefix: "1-sleep", sleep_seconds: SLEEP_SEC };
      return withParams(step, { Payload: JSON.stringify(event) });
    },
    during: { 1: updateWhileRunning },
    also: async (run, expect) => {
      const event = { request_prefix: "2", sleep_seconds: 0 };
      const reply = await run.invoke({ Payload: JSON.stringify(event) });
      expect(reply.json).toMatchObject({ function_variant: "variant-2" });
    },
  },
};

async function updateWhileRunning(run: CaseRun, expect: ExpectStatic): Promise<void> {
  const log = () => run.emulator.log(run.functionName).join("\n");
  await eventually(() => expect(log()).toContain("starting 1-sleep"));
  const update = await run.emulator.call(
    operation("UpdateFunctionConfiguration", {
      FunctionName: run.functionName,
      Environment: { Variables: { FUNCTION_VARIANT: "variant-2" } },
    }),
  );
  expect(update.status).toBe(200);
  await run.emulator.settled(run.functionName);
  // The first invocation is still on its way: its end has not been written.
  expect(log()).not.toContain("END RequestId");
}

function variant(name: string): string {
  const code = `export const handler = async () => "${name}";`;
  return Buffer.from(zipSync({ "echo.mjs": Buffer.from(code) })).toString("base64");
}
