import { LAMBDA_LIMITS } from "@pilotlight/core";

import type { FunctionVersion } from "./contract.ts";
import type { InitializationType } from "./variables.ts";

/** @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, read 2026-11-22. */
const PROVISIONED_INIT_SEC_MIN = 130;

/** How long the init phase of an environment may take, milliseconds. */
export function initLimitMs(
  { timeoutSec }: Pick<FunctionVersion, "timeoutSec">,
  initializationType: InitializationType = "on-demand",
): number {
  const { initSecMax, timeoutSecMax } = LAMBDA_LIMITS;
  if (initializationType === "on-demand") return initSecMax * 1000;
  return Math.min(timeoutSecMax, Math.max(PROVISIONED_INIT_SEC_MIN, timeoutSec)) * 1000;
}
