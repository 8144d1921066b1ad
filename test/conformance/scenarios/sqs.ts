import type { Scenario } from "../scenario.ts";

export const SQS_SCENARIOS: Readonly<Record<string, Scenario>> = {};
