import path from "node:path";

import { describe, expect, test } from "vitest";

import type { FunctionVersion } from "./contract.ts";
import { environmentVariables } from "./variables.ts";

const VERSION: FunctionVersion = {
  functionName: "f",
  functionArn: "arn:aws:lambda:eu-central-1:000000000000:function:f",
  version: "$LATEST",
  handler: "index.handler",
  codeDirectory: "/code/f",
  memoryMb: 1024,
  timeoutSec: 3,
  variables: { TEST_KEY: "TEST_VAL" },
  nodePath: ["/layers/one/node_modules", "/layers/two/node_modules"],
};

function variablesWith(variables: Record<string, string>): Record<string, string> {
  return environmentVariables({
    version: { ...VERSION, variables },
    runtimeApi: "127.0.0.1:9001",
    logStreamName: "2026/11/22/[$LATEST]0",
    temporaryDirectory: "/tmp/one",
    initializationType: "on-demand",
  });
}

describe("environmentVariables", () => {
  test("are AWS's, with the paths of this machine", () => {
    expect(variablesWith({ TEST_KEY: "TEST_VAL" })).toEqual({
      _AWS_XRAY_DAEMON_ADDRESS: "169.254.100.1",
      _AWS_XRAY_DAEMON_PORT: "2000",
      _HANDLER: "index.handler",
      _LAMBDA_TELEMETRY_LOG_FD: "3",
      AWS_ACCESS_KEY_ID: expect.any(String),
      AWS_DEFAULT_REGION: "eu-central-1",
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1024",
      AWS_LAMBDA_FUNCTION_NAME: "f",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/f",
      AWS_LAMBDA_LOG_STREAM_NAME: "2026/11/22/[$LATEST]0",
      AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9001",
      AWS_REGION: "eu-central-1",
      AWS_SECRET_ACCESS_KEY: expect.any(String),
      AWS_SESSION_TOKEN: expect.any(String),
      AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
      AWS_XRAY_DAEMON_ADDRESS: "169.254.100.1:2000",
      LAMBDA_RUNTIME_DIR: "/var/runtime",
      LAMBDA_TASK_ROOT: "/code/f",
      LANG: "en_US.UTF-8",
      LD_LIBRARY_PATH:
        "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/code/f:/code/f/lib:/opt/lib",
      NODE_PATH:
        "/opt/nodejs/node24/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/code/f:/layers/one/node_modules:/layers/two/node_modules",
      PATH: `${path.dirname(process.execPath)}:/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin`,
      PWD: "/code/f",
      SHLVL: "0",
      TEST_KEY: "TEST_VAL",
      TMPDIR: "/tmp/one",
      TZ: ":UTC",
    });
  });

  test("lets a user replace what AWS lets a user replace", () => {
    const variables = variablesWith({ TZ: "Europe/Berlin", NODE_PATH: "/mine" });
    expect(variables).toMatchObject({ TZ: "Europe/Berlin", NODE_PATH: "/mine" });
  });

  test.each([
    "_HANDLER",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
  ])("does not let a user set %s, which is reserved", (name) => {
    expect(variablesWith({ [name]: "mine" })[name]).toBe(variablesWith({})[name]);
  });

  test("tell of a log of JSON, and of a group that is not the function's own", () => {
    const version = {
      ...VERSION,
      logging: { format: "JSON", applicationLevel: "WARN", group: "mine" } as const,
    };
    const variables = environmentVariables({
      version,
      runtimeApi: "127.0.0.1:9001",
      logStreamName: "stream",
      temporaryDirectory: "/tmp/one",
      initializationType: "on-demand",
    });
    expect(variables).toMatchObject({
      AWS_LAMBDA_LOG_FORMAT: "JSON",
      AWS_LAMBDA_LOG_LEVEL: "WARN",
      AWS_LAMBDA_LOG_GROUP_NAME: "mine",
    });
  });

  test("names the endpoint only where there is one", () => {
    expect(variablesWith({})).not.toHaveProperty("AWS_ENDPOINT_URL");
  });
});
