/**
 * Where a task of a container service is in its life; docs/emulator-fidelity.md has the picture.
 *
 * The names are those of ECS, in lower case; `healthy` is a running task that load balancers send requests to.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html, read 2026-11-24
 */
export type TaskPhase = "provisioning" | "pending" | "running" | "healthy" | "draining" | "stopped";

/**
 * What moves a task on.
 *
 * - `placed`, `no_capacity`: there is a machine for it, or none at present.
 * - `started`, `boot_failed`: the machine and the image are ready and its process runs, or they never will be.
 * - `passed`, `failed`: it has passed, or failed, as many health checks in a row as it takes.
 * - `drain`: it is to end, and may finish what it does.
 * - `kill`: it is to end at once.
 * - `lost`: its process has ended, whether it was told to or not.
 */
export type TaskSignal =
  | "placed"
  | "no_capacity"
  | "started"
  | "boot_failed"
  | "passed"
  | "failed"
  | "drain"
  | "kill"
  | "lost";

/** A task without a process ends at once; one with a process ends when the process has. */
const TASK_TRANSITIONS: Readonly<
  Record<TaskPhase, Readonly<Partial<Record<TaskSignal, TaskPhase>>>>
> = {
  provisioning: {
    placed: "pending",
    no_capacity: "provisioning",
    drain: "stopped",
    kill: "stopped",
  },
  pending: { started: "running", boot_failed: "stopped", drain: "stopped", kill: "stopped" },
  running: {
    passed: "healthy",
    failed: "draining",
    drain: "draining",
    kill: "draining",
    lost: "stopped",
  },
  healthy: { failed: "draining", drain: "draining", kill: "draining", lost: "stopped" },
  draining: { kill: "draining", lost: "stopped" },
  stopped: {},
};

/** The phase after `signal`, or `undefined` where the signal is refused. */
export function nextTaskPhase(phase: TaskPhase, signal: TaskSignal): TaskPhase | undefined {
  return TASK_TRANSITIONS[phase][signal];
}
