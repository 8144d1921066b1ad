export { matchesEvent } from "./matches-event.ts";
export { parseEventPattern } from "./parse-event-pattern.ts";
export type { EventPattern, PatternRefusal } from "./pattern.ts";
