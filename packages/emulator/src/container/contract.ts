import type { TaskPhase } from "./task-phase.ts";

/** A container as its entry point: what runs, and how it is known to be well. */
export interface ContainerDefinition {
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly [program: string, ...parameters: string[]];
  readonly workingDirectory: string;
  /** Its whole environment; `PORT` is added. */
  readonly variables: Readonly<Record<string, string>>;
  /**
   * Service time from the placement of a task to the start of its process: machine, agent, image, model.
   * @default 180000
   */
  readonly bootMs?: number;
  readonly healthCheck: HealthCheck;
  /**
   * Real time between SIGTERM and SIGKILL.
   * @default 30000
   */
  readonly stopTimeoutMs?: number;
}

/** HTTP GET of a path; any answer from 200 to 399 in time is a pass. Times are real. */
interface HealthCheck {
  readonly path: string;
  /** From the end of one check to the start of the next. @default 5000 */
  readonly intervalMs?: number;
  /** @default 5000 */
  readonly timeoutMs?: number;
  /** Passes in a row that make a running task healthy. @default 1 */
  readonly healthyThreshold?: number;
  /** Failures in a row that end a task. @default 2 */
  readonly unhealthyThreshold?: number;
  /** Failures before the first pass do not count for so long after the start of the process. @default 600000 */
  readonly graceMs?: number;
}

/** A process of a container, leader of a process group of its own. */
export interface ContainerProcess {
  readonly pid: number | undefined;
  /** Settles when nothing of the group is left. */
  readonly gone: Promise<void>;
  /** Asks the group to end. */
  terminate(): void;
  /** Ends the group at once. */
  kill(): void;
}

/** Where containers run; tests have one without processes. */
export interface ContainerHost {
  /** A port that nobody listens on. */
  freePort(): Promise<number>;
  start(options: {
    readonly definition: ContainerDefinition;
    readonly port: number;
    readonly onOutput: (line: string) => void;
    /** Called once, with the reason in words: `exited with status 1`. */
    readonly onExit: (reason: string) => void;
  }): ContainerProcess;
  /** Whether the check has passed; it never rejects. */
  check(url: string, timeoutMs: number): Promise<boolean>;
}

/** One task, as it stands. */
export interface TaskView {
  readonly id: string;
  readonly phase: TaskPhase;
  readonly pid: number | undefined;
  /** `http://127.0.0.1:PORT`, once there is a process. */
  readonly url: string | undefined;
  /** Epoch time at which the task came to be. */
  readonly createdAtEpochMs: number;
  /** Why it ends or has ended. */
  readonly cause: string | undefined;
}

/** What happens in a container service. */
export type ContainerEvent =
  | { readonly kind: "task"; readonly task: TaskView }
  | { readonly kind: "no-capacity"; readonly task: TaskView }
  | { readonly kind: "replacement"; readonly delayMs: number }
  | { readonly kind: "output"; readonly taskId: string; readonly line: string };
