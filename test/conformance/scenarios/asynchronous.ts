import type { Scenario } from "../scenario.ts";

export const ASYNCHRONOUS_SCENARIOS: Readonly<Record<string, Scenario>> = {};
