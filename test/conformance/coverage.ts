import type { Scenario } from "./scenario.ts";
import { VERSION_SCENARIOS } from "./scenarios/versions.ts";
import { CONCURRENCY_SCENARIOS } from "./scenarios/concurrency.ts";
import { ASYNCHRONOUS_SCENARIOS } from "./scenarios/asynchronous.ts";
import { EVENT_SOURCE_SCENARIOS } from "./scenarios/event-sources.ts";
import { SQS_SCENARIOS } from "./scenarios/sqs.ts";
import { S3_SCENARIOS } from "./scenarios/s3.ts";
import { SCHEDULE_SCENARIOS } from "./scenarios/schedules.ts";
import { EXTENSION_SCENARIOS } from "./scenarios/extensions.ts";
import { FUNCTION_URL_SCENARIOS } from "./scenarios/function-urls.ts";
import { ENVIRONMENT_SCENARIOS } from "./scenarios/environment.ts";
import { HTTP_API_SCENARIOS } from "./scenarios/http-api.ts";
import { INVOKE_ERROR_SCENARIOS, INVOKE_SCENARIOS } from "./scenarios/invoke.ts";
import { LIFECYCLE_SCENARIOS } from "./scenarios/lifecycle.ts";
import { FAILURE_SCENARIOS, LIMIT_SCENARIOS } from "./scenarios/outcomes.ts";
import { RUNTIME_API_SCENARIOS } from "./scenarios/runtime-api.ts";
import { STREAMING_SCENARIOS } from "./scenarios/streaming.ts";

/** The cases that run, each with what its `given` sentences need. */
export const COVERED: Readonly<Record<string, Scenario>> = {
  ...INVOKE_SCENARIOS,
  ...INVOKE_ERROR_SCENARIOS,
  ...ENVIRONMENT_SCENARIOS,
  ...LIMIT_SCENARIOS,
  ...FAILURE_SCENARIOS,
  ...LIFECYCLE_SCENARIOS,
  ...HTTP_API_SCENARIOS,
  ...RUNTIME_API_SCENARIOS,
  ...STREAMING_SCENARIOS,
  ...VERSION_SCENARIOS,
  ...CONCURRENCY_SCENARIOS,
  ...ASYNCHRONOUS_SCENARIOS,
  ...EVENT_SOURCE_SCENARIOS,
  ...SQS_SCENARIOS,
  ...S3_SCENARIOS,
  ...SCHEDULE_SCENARIOS,
  ...EXTENSION_SCENARIOS,
  ...FUNCTION_URL_SCENARIOS,
};

/** The cases that do not run yet, by the capability of the emulator that they wait for. */
export const NOT_YET_COVERED: Readonly<Record<string, readonly string[]>> = {};

/** Cases that are wrong themselves, each with what is wrong with it. */
export const EXCLUDED: Readonly<Record<string, string>> = {};
