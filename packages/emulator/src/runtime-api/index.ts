export type { RuntimeAnswer } from "./runtime-api.ts";
export { RuntimeApi } from "./runtime-api.ts";
export type { RuntimeEvent } from "./runtime-event.ts";
