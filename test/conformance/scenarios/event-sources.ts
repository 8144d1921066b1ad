import type { Scenario } from "../scenario.ts";

export const EVENT_SOURCE_SCENARIOS: Readonly<Record<string, Scenario>> = {};
