import path from "node:path";

import type { FunctionVersion } from "./contract.ts";

/** Whether an environment was started for an invocation or ahead of them. */
export type InitializationType = "on-demand" | "provisioned-concurrency";

/** File descriptor on which aws-lambda-ric writes its framed log; the runtime client knows it too. */
export const LOG_FD = 3;

/** File descriptor of the channel between emulator and runtime client, which knows it too. */
export const CHANNEL_FD = 5;

const NODE_RUNTIME = "nodejs24.x";

export interface VariablesOptions {
  readonly version: FunctionVersion;
  /** Address of the environment's Runtime API, host:port. */
  readonly runtimeApi: string;
  readonly logStreamName: string;
  /** Folder that stands in for /tmp. */
  readonly temporaryDirectory: string;
  /**
   * Folder that stands in for /opt.
   * @default "/opt"
   */
  readonly optDirectory?: string | undefined;
  readonly initializationType: InitializationType;
  /** AWS endpoint of this emulator, for SDK clients inside the function. */
  readonly endpointUrl?: string | undefined;
}

/**
 * The environment variables of a Node 24 function: AWS's own set, then the user's, then the
 * reserved ones that a user cannot set.
 *
 * They differ from AWS in what a laptop cannot have: LAMBDA_TASK_ROOT and PWD name the unpacked code
 * where it lies instead of /var/task (NODE_PATH and LD_LIBRARY_PATH follow), PATH begins with the
 * folder of the Node that runs the function, what names /opt names the folder of the layers, AWS_LAMBDA_RUNTIME_API is on 127.0.0.1, and TMPDIR is
 * added, since /tmp itself is everyone's here. AWS_ENDPOINT_URL is added where an endpoint is given.
 * Nothing of the emulator's own environment is passed on.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html for which are reserved.
 */
export function environmentVariables(options: VariablesOptions): Record<string, string> {
  return {
    ...unreservedVariables(options),
    ...options.version.variables,
    ...reservedVariables(options),
    _LAMBDA_TELEMETRY_LOG_FD: String(LOG_FD),
  };
}

/**
 * What external extensions do not get, beside whatever begins with an underscore.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html, read 2026-11-24
 */
const WITHHELD_FROM_EXTENSIONS: ReadonlySet<string> = new Set([
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_XRAY_CONTEXT_MISSING",
  "AWS_XRAY_DAEMON_ADDRESS",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
]);

/** The environment variables of an external extension, out of those of its function. */
export function extensionVariables(
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  const passed = Object.entries(variables).filter(
    ([name]) => !name.startsWith("_") && !WITHHELD_FROM_EXTENSIONS.has(name),
  );
  return Object.fromEntries(passed);
}

function unreservedVariables({
  version,
  temporaryDirectory,
  optDirectory: opt = "/opt",
  endpointUrl,
}: VariablesOptions): Record<string, string> {
  const task = version.codeDirectory;
  const nodeDirectory = path.dirname(process.execPath);
  return {
    AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
    AWS_XRAY_DAEMON_ADDRESS: "169.254.100.1:2000",
    _AWS_XRAY_DAEMON_ADDRESS: "169.254.100.1",
    _AWS_XRAY_DAEMON_PORT: "2000",
    LANG: "en_US.UTF-8",
    LD_LIBRARY_PATH: `/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:${task}:${task}/lib:${opt}/lib`,
    NODE_PATH: [
      `${opt}/nodejs/node24/node_modules`,
      `${opt}/nodejs/node_modules`,
      "/var/runtime/node_modules",
      "/var/runtime",
      task,
      ...version.nodePath,
    ].join(":"),
    PATH: `${nodeDirectory}:/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:${opt}/bin`,
    PWD: task,
    SHLVL: "0",
    TZ: ":UTC",
    TMPDIR: temporaryDirectory,
    ...(endpointUrl !== undefined && { AWS_ENDPOINT_URL: endpointUrl }),
  };
}

function reservedVariables({
  version,
  runtimeApi,
  logStreamName,
  initializationType,
}: VariablesOptions): Record<string, string> {
  const region = regionOf(version.functionArn);
  return {
    _HANDLER: version.handler,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${NODE_RUNTIME}`,
    AWS_LAMBDA_FUNCTION_NAME: version.functionName,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(version.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: version.version,
    AWS_LAMBDA_INITIALIZATION_TYPE: initializationType,
    AWS_LAMBDA_LOG_GROUP_NAME: version.logging?.group ?? `/aws/lambda/${version.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
    // The emulator checks no signature, but SDK clients refuse to run without credentials.
    AWS_ACCESS_KEY_ID: "ASIAPILOTLIGHT000000",
    AWS_SECRET_ACCESS_KEY: "pilotlight",
    AWS_SESSION_TOKEN: "pilotlight",
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    LAMBDA_TASK_ROOT: version.codeDirectory,
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    ...(version.logging?.format === "JSON" && {
      AWS_LAMBDA_LOG_FORMAT: "JSON",
      AWS_LAMBDA_LOG_LEVEL: version.logging.applicationLevel ?? "INFO",
    }),
  };
}

/** The region stands fourth in an ARN: arn:partition:service:region:account:resource. */
function regionOf(arn: string): string {
  return arn.split(":")[3] || "us-east-1";
}
