export type { RuntimeAnswer, StreamWriter } from "./answer-reading.ts";
export { STREAM_BYTES_MAX } from "./answer-reading.ts";
export { RuntimeApi, type RuntimeApiListener } from "./runtime-api.ts";
export type { RuntimeEvent } from "./runtime-event.ts";
export type {
  ExtensionRegistry,
  ExtensionSummary,
  FunctionIdentity,
  ShutdownReason,
} from "./extension-registry.ts";
export { EXTENSIONS_MAX } from "./extension-reply.ts";
