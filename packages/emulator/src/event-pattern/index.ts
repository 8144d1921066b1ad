export { matchesEvent } from "./matches-event.ts";
export { parseEventPattern } from "./parse-event-pattern.ts";
export type { EventPattern } from "./pattern.ts";
