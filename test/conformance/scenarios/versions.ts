import type { Scenario } from "../scenario.ts";

export const VERSION_SCENARIOS: Readonly<Record<string, Scenario>> = {};
