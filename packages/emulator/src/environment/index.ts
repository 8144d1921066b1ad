export type {
  EnvironmentListener,
  EnvironmentPhase,
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
  InvocationOutcome,
} from "./contract.ts";
export type { EnvironmentOptions } from "./environment.ts";
export { startEnvironment } from "./environment.ts";
export type { InitializationType } from "./variables.ts";
