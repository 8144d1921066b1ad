export { ContainerService } from "./container-service.ts";
export type {
  ContainerDefinition,
  ContainerEvent,
  ContainerHost,
  HealthCheck,
  TaskView,
} from "./contract.ts";
export { processHost } from "./process-host.ts";
export type { TaskPhase } from "./task-phase.ts";
