import type { Scenario } from "../scenario.ts";

export const S3_SCENARIOS: Readonly<Record<string, Scenario>> = {};
