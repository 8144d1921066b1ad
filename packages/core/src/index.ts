export type { Clock, Timers } from "./clock.ts";
export type {
  CheckedDefinition,
  FunctionDefinition,
  InferenceDefinition,
  ModelDefinition,
  SessionDefinition,
} from "./definition.ts";
export { defineInference } from "./definition.ts";
export type { ErrorCode, Fault } from "./errors.ts";
export {
  ERROR_CATALOG,
  invariant,
  InvariantViolation,
  isPilotlightError,
  PilotlightError,
} from "./errors.ts";
export { HTTP_API_LIMITS, LAMBDA_LIMITS } from "./limits.ts";
export type { FunctionSpec, Manifest, ModelSpec, SessionSpec } from "./manifest.ts";
export { LIVE_ALIAS, resolveManifest } from "./manifest.ts";
export type { Random } from "./random.ts";
export { BYTES_PER_MB, formatBytes, formatMs } from "./units.ts";
