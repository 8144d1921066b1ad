import type { Scenario } from "../scenario.ts";

export const EXTENSION_SCENARIOS: Readonly<Record<string, Scenario>> = {};
