import type { Scenario } from "../scenario.ts";

export const CONCURRENCY_SCENARIOS: Readonly<Record<string, Scenario>> = {};
