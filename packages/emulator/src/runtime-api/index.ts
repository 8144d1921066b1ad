export type { RuntimeAnswer, StreamWriter } from "./answer-reading.ts";
export { STREAM_BYTES_MAX } from "./answer-reading.ts";
export { RuntimeApi } from "./runtime-api.ts";
export type { RuntimeEvent } from "./runtime-event.ts";
