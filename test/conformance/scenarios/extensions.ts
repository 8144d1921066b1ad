import type { ExpectStatic } from "vitest";

import type { AwsCall } from "../aws-call.ts";
import type { CaseRun } from "../case-run.ts";
import { packageOf, sourceOf, zipped } from "../deployment-package.ts";
import { eventually } from "../emulator-under-test.ts";
import type { HttpReply } from "../http-reply.ts";
import { PlayedRuntime } from "../played-runtime.ts";
import type { Scenario } from "../scenario.ts";

/** The Extensions API, from the side of extensions. */
export const EXTENSION_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "extension-next-identifier-errors": duringInit(),
  "extension-register-and-errors": duringInit(async (runtime, expect) => {
    const register = (name: string): Promise<HttpReply> =>
      runtime.call({
        http: { method: "POST", uri: "/2020-01-01/extension/register" },
        headers: { "Lambda-Extension-Name": name, "Lambda-Extension-Accept-Feature": "accountId" },
        body: '{"events":[]}',
      });
    expect(await register("e5")).toMatchObject({
      status: 200,
      json: { accountId: "000000000000" },
    });
  }),
  "extension-shutdown-sequence": {
    play: async (run) => {
      const layer = await publishExtensions(run);
      await run.emulator.create(run.functionName, {
        code: packageOf("ends-slowly.handler"),
        settings: { Layers: [layer] },
      });
      expectOk(await run.invoke());
      const startMs = performance.now();
      await run.emulator.call({
        api: "DeleteFunction",
        method: "DELETE",
        uri: "/2015-03-31/functions/{FunctionName}",
        params: { FunctionName: run.functionName },
      });
      const lines = await eventually(() => {
        const all = run.emulator.log(run.functionName);
        if (!all.some((line) => line.startsWith("told "))) throw new Error(all.join("\n"));
        return all;
      });
      const toldMs = performance.now() - startMs;
      const told = lines.findIndex((line) => line.startsWith("told "));
      // The runtime ignores its SIGTERM, so it is killed after 600 ms, and the extension is told then.
      run
        .expect(lines.findIndex((line) => line.endsWith("\truntime is to end")))
        .toBeLessThan(told);
      run.expect(toldMs).toBeGreaterThan(580);
      run.expect(JSON.parse(lines[told]?.slice("told ".length) ?? "")).toEqual({
        eventType: "SHUTDOWN",
        deadlineMs: run.expect.any(Number),
        shutdownReason: "spindown",
      });
      // The other one did not register for the end, and is not told of it.
      run.expect(lines.filter((line) => line.startsWith("told "))).toHaveLength(1);
      return [];
    },
  },
};

/** A layer with one extension that is registered for the end and one that is not. */
async function publishExtensions(run: CaseRun): Promise<string> {
  const code = `#!${process.execPath}\n${sourceOf("extension.cjs")}`;
  const files = { "extensions/hears-the-end": code, "extensions/hears-nothing": code };
  const call: AwsCall = {
    api: "PublishLayerVersion",
    method: "POST",
    uri: "/2018-10-31/layers/{LayerName}/versions",
    params: {
      LayerName: "extensions",
      Content: { ZipFile: zipped({ handler: "", files }) },
    },
  };
  const { json } = await run.emulator.call(call);
  return String((json as { LayerVersionArn?: string }).LayerVersionArn);
}

function expectOk(reply: HttpReply): void {
  if (reply.status !== 200 || reply.headers["x-amz-function-error"] !== undefined) {
    throw new Error(`${reply.status} ${reply.text}`);
  }
}

/** A scenario in which the test makes the calls of a runtime's process in its init phase. */
function duringInit(
  after: (runtime: PlayedRuntime, expect: ExpectStatic) => Promise<void> = () => Promise.resolve(),
): Scenario {
  return {
    play: async (run) => {
      await using runtime = await PlayedRuntime.start(run);
      for (const [index, { when, then }] of run.file.steps.entries()) {
        const found = run.check(await runtime.call(when ?? {}), then ?? {});
        if (found.length > 0) return found.map((sentence) => `step ${index}: ${sentence}`);
      }
      await after(runtime, run.expect);
      return [];
    },
  };
}
