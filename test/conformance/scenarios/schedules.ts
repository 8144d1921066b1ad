import type { Scenario } from "../scenario.ts";

export const SCHEDULE_SCENARIOS: Readonly<Record<string, Scenario>> = {};
