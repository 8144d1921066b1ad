export { realClock, scaledClock } from "./clock.ts";
export type { ContainerService } from "./container/container-service.ts";
export type { ContainerDefinition, ContainerEvent, TaskView } from "./container/contract.ts";
export type { Emulator, StopReport } from "./emulator.ts";
export { startEmulator } from "./emulator.ts";
export type { EmulatorOptions, LogRecord, StartEnvironment } from "./emulator-options.ts";
export type {
  EnvironmentListener,
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
  InvocationOutcome,
} from "./environment/contract.ts";
export {
  type FolderPurpose,
  isAlive,
  makeOwnedFolder,
  type ProcessIdentity,
  thisProcess,
} from "./environment/index.ts";
export type { FaultRequest } from "./faults/fault-order.ts";
export type { MetricsSource, RequestRecord } from "./http-api/front.ts";
export type { DurationLaw } from "./lambda/concurrency/duration-law.ts";
export type { MetricPoint, MetricSeries } from "./lambda/concurrency/metrics.ts";
export type { EnvironmentSummary } from "./lambda/environment-summary.ts";
export type { TraceEvent } from "./trace/trace-event.ts";
export type { LocalFunction } from "./local-function.ts";
