import { LAMBDA_LIMITS } from "@pilotlight/core";

import { invalidParameter, validationFailed } from "./aws-error.ts";

const NAME_PATTERN_TEXT = "[a-zA-Z]([a-zA-Z0-9_])+";
const NAME_PATTERN = /^[a-zA-Z][a-zA-Z0-9_]+$/;

/** Variables that Lambda sets itself: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const RESERVED_VARIABLES: ReadonlySet<string> = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_ACCESS_KEY_ID",
  "AWS_DEFAULT_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_REGION",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
]);

/**
 * Refuses environment variables that a function cannot have.
 *
 * A name of Lambda's own is told before the pattern, which some of those names break.
 *
 * @throws AwsError with AWS's text for names, reserved names and the limit of 4 KB; values are not repeated.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html, read 2026-11-24
 */
export function checkVariables(variables: Readonly<Record<string, string>>): void {
  const names = Object.keys(variables);
  const reserved = names.filter((name) => RESERVED_VARIABLES.has(name));
  if (reserved.length > 0) {
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  }
  if (!names.every((name) => NAME_PATTERN.test(name))) {
    throw validationFailed([
      `Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: ${NAME_PATTERN_TEXT}]`,
    ]);
  }
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) <= LAMBDA_LIMITS.environmentBytesMax) return;
  throw invalidParameter(
    `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${measured}`,
  );
}
