import type { ExpectStatic } from "vitest";

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
};

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
