import type { CaseRun } from "../case-run.ts";
import type { Names } from "../constructed.ts";
import { type DeploymentPackage, packageOf, zipped } from "../deployment-package.ts";
import { httpReply } from "../http-reply.ts";
import type { Scenario } from "../scenario.ts";
import { withParams } from "../step-changes.ts";

/** Within so many requests both versions of an alias with equal weights have run, but once in a million. */
const WEIGHTED_REQUESTS = 20;

const echo = packageOf("echo.handler");
const firstCode = codeOf("version1");
const zips = { zip_file_v2: zipped(codeOf("version2")), zip_file_v3: zipped(codeOf("version3")) };

/** Published versions, and the aliases that point at them. */
export const VERSION_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "alias-delete-unknown-204": { code: echo },
  "alias-invalid-routing": { code: echo },
  "alias-lifecycle": {
    code: echo,
    names: (run) => ({
      "create_alias_1_1.AliasArn with aliasname1_1 replaced by aliasdoesnotexist": `${run.functionArn}:aliasdoesnotexist`,
    }),
  },
  "alias-move": {
    code: firstCode,
    names: (run) => ({
      ...zips,
      ...versionNames(run, { first_publish_response: 1, second_publish_response: 7 }),
      "create_alias_response.Name": "alias1",
      "create_alias_response.AliasArn": `${run.functionArn}:alias1`,
    }),
    observe: {
      invocation_result_qualifier_v2: async (run) => {
        const { status, headers, json } = await run.invoke({ Qualifier: "alias1" });
        const result = {
          ExecutedVersion: headers["x-amz-executed-version"],
          Payload: json,
          StatusCode: status,
        };
        return httpReply({ status, headers, text: JSON.stringify(result) });
      },
    },
  },
  "alias-weighted-routing": {
    code: firstCode,
    names: (run) => ({
      ...zips,
      ...versionNames(run, { create_function_response: 0, second_publish_response: 2 }),
      "create_alias_response.Name": "alias1",
    }),
    // The name of the second version is a key, which the runner leaves as it is.
    rewrite: (step) =>
      step.when?.api === "CreateAlias"
        ? withParams(step, { RoutingConfig: { AdditionalVersionWeights: { "2": 0.5 } } })
        : step,
    also: async (run, expect) => {
      const seen = new Set<string | undefined>();
      for (let request = 0; request < WEIGHTED_REQUESTS; request += 1) {
        const { headers } = await run.invoke({ Qualifier: "alias1" });
        seen.add(headers["x-amz-executed-version"]);
      }
      expect(seen).toEqual(new Set(["1", "2"]));
    },
  },
  "publish-on-create-and-idempotent-publish": { code: echo, also: publishesNothing("1") },
  "version-lifecycle": {
    code: echo,
    names: (run) => versionNames(run, { first_publish_response: 2 }),
    also: publishesNothing("2"),
  },
  "versions-run-their-own-code": {
    code: firstCode,
    names: (run) => ({
      ...zips,
      ...versionNames(run, {
        first_publish_response: 1,
        second_publish_response: 5,
        update_lambda_response_with_publish: 7,
      }),
    }),
  },
};

/** The version that the answers to some steps have, by the names that the case gives to them. */
function versionNames(run: CaseRun, steps: Readonly<Record<string, number>>): Names {
  return Object.fromEntries(
    Object.entries(steps).map(([name, index]) => {
      const { Version = "" } = (run.replies[index]?.json ?? {}) as { Version?: string };
      return [`${name}.Version`, Version];
    }),
  );
}

function publishesNothing(newest: string): NonNullable<Scenario["also"]> {
  return async (run, expect) => {
    const reply = await run.emulator.call({
      api: "PublishVersion",
      method: "POST",
      uri: "/2015-03-31/functions/{FunctionName}/versions",
      params: { FunctionName: run.functionName },
    });
    expect(reply.json).toMatchObject({ Version: newest });
  };
}

/** Code that says which of the three it is, and as what it was invoked. */
function codeOf(id: string): DeploymentPackage {
  const source = `export const handler = async (_event, context) => ({
    version_id: "${id}",
    invoked_arn: context.invokedFunctionArn,
    version_from_ctx: context.functionVersion,
  });`;
  return { handler: "index.handler", files: { "index.mjs": source } };
}
