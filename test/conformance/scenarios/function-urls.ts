import type { Scenario } from "../scenario.ts";

export const FUNCTION_URL_SCENARIOS: Readonly<Record<string, Scenario>> = {};
