import { randomUUID } from "node:crypto";

import type { Timers } from "@pilotlight/core";

import type { LiveQueue } from "./live-queue.ts";
import type { QueuedMessage } from "./message.ts";
import { invalidValue, SqsError } from "./sqs-error.ts";

/** AWS chooses the pace of a task that names none; here it is so many messages in each step. */
const STEP_MESSAGES = 500;
const STEP_MS = 100;

/** Why a task fails whose queue was deleted meanwhile: the code that SQS has for it everywhere. */
const QUEUE_IS_GONE = "AWS.SimpleQueueService.NonExistentQueue";

/** Tasks of one source queue that are remembered: as many as a list can ask for. */
const TASKS_MAX = 10;

/** Where a task stands; it leaves `RUNNING` once. */
type MoveTaskStatus = "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";

/** What is asked of a task. */
interface MoveOrder {
  readonly sourceArn: string;
  /** @default the queue that each message comes from */
  readonly destinationArn: string | undefined;
  readonly messagesPerSecondMax: number | undefined;
}

/** A task that moves the messages of a dead-letter queue. */
export interface MoveTask extends MoveOrder {
  readonly handle: string;
  readonly startedMs: number;
  /** Messages that there were to move at the start. */
  readonly toMove: number;
  readonly status: MoveTaskStatus;
  readonly moved: number;
  readonly failureReason: string | undefined;
}

interface MoveTasksOptions {
  readonly clock: Timers;
  readonly findByArn: (arn: string) => LiveQueue | undefined;
}

interface Running {
  task: MoveTask;
  cancelAlarm: (() => void) | undefined;
}

/**
 * The tasks that move messages out of dead-letter queues. They do not outlive the emulator; the messages do.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html, read
 *   2026-11-24
 */
export class MoveTasks {
  readonly #options: MoveTasksOptions;
  /** By source queue, the newest first. */
  readonly #tasks = new Map<string, Running[]>();

  constructor(options: MoveTasksOptions) {
    this.#options = options;
  }

  /** @throws SqsError when one is running already. */
  start(source: LiveQueue, order: MoveOrder): MoveTask {
    const known = this.#tasks.get(order.sourceArn) ?? [];
    if (known.some(({ task }) => task.status === "RUNNING")) {
      throw invalidValue(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
      );
    }
    const task: MoveTask = {
      ...order,
      handle: handleOf(order.sourceArn),
      startedMs: this.#options.clock.epochMs(),
      toMove: source.counts().visible,
      status: "RUNNING",
      moved: 0,
      failureReason: undefined,
    };
    const running: Running = { task, cancelAlarm: undefined };
    this.#tasks.set(order.sourceArn, [running, ...known].slice(0, TASKS_MAX));
    this.#setAlarm(running);
    return task;
  }

  /** @throws SqsError when there is no such task, or it has ended. */
  cancel(handle: string): MoveTask {
    const running = [...this.#tasks.values()].flat().find(({ task }) => task.handle === handle);
    if (running === undefined) {
      throw new SqsError("ResourceNotFoundException", "Task does not exist.", 404);
    }
    if (running.task.status !== "RUNNING") {
      throw invalidValue("Only active tasks can be cancelled.");
    }
    this.#end(running, { status: "CANCELLED" });
    return running.task;
  }

  /** The newest first. */
  list(sourceArn: string): readonly MoveTask[] {
    return (this.#tasks.get(sourceArn) ?? []).map(({ task }) => task);
  }

  /** Moves nothing more. */
  stop(): void {
    for (const running of [...this.#tasks.values()].flat()) running.cancelAlarm?.();
  }

  #setAlarm(running: Running): void {
    const { messagesPerSecondMax } = running.task;
    const delayMs = messagesPerSecondMax === undefined ? STEP_MS : 1000;
    running.cancelAlarm = this.#options.clock.after(delayMs, () => this.#step(running));
  }

  #step(running: Running): void {
    const { task } = running;
    const source = this.#options.findByArn(task.sourceArn);
    if (source === undefined) {
      this.#end(running, { status: "FAILED", failureReason: QUEUE_IS_GONE });
      return;
    }
    const messagesMax = Math.min(
      task.messagesPerSecondMax ?? STEP_MESSAGES,
      // Messages that come meanwhile are not the task's.
      task.toMove - task.moved,
    );
    const failureReason = this.#move(running, { source, messagesMax });
    if (failureReason !== undefined) this.#end(running, { status: "FAILED", failureReason });
    else if (source.counts().visible === 0 || running.task.moved >= task.toMove) {
      this.#end(running, { status: "COMPLETED" });
    } else this.#setAlarm(running);
  }

  /** @returns Why the task cannot go on. */
  #move(
    running: Running,
    { source, messagesMax }: { source: LiveQueue; messagesMax: number },
  ): string | undefined {
    let failureReason: string | undefined;
    const moved = source.moveOut(messagesMax, (queued) => {
      const targetArn = running.task.destinationArn ?? queued.message.deadLetterSourceArn;
      const target = this.#options.findByArn(targetArn ?? "");
      if (target === undefined) {
        failureReason = targetArn === undefined ? "CouldNotDetermineMessageSource" : QUEUE_IS_GONE;
        return false;
      }
      target.takeOver(asNew(queued, this.#options.clock.epochMs()), {});
      return true;
    });
    running.task = { ...running.task, moved: running.task.moved + moved };
    return failureReason;
  }

  #end(running: Running, change: Partial<Pick<MoveTask, "status" | "failureReason">>): void {
    running.cancelAlarm?.();
    running.task = { ...running.task, ...change };
  }
}

/** A message that is moved is a new one: nobody has received it, and its time begins again. */
function asNew(queued: QueuedMessage, nowMs: number): QueuedMessage {
  return {
    ...queued,
    message: { ...queued.message, id: randomUUID(), sentMs: nowMs, enqueuedMs: nowMs },
    receiveCount: 0,
    firstReceivedMs: undefined,
  };
}

function handleOf(sourceArn: string): string {
  const text = JSON.stringify({ taskId: randomUUID(), sourceArn });
  return Buffer.from(text).toString("base64");
}

/** The source queue that a handle names; `undefined` where it is no handle. */
export function sourceOfTask(handle: string): string | undefined {
  try {
    const { taskId, sourceArn } = Object(
      JSON.parse(Buffer.from(handle, "base64").toString()),
    ) as Readonly<Record<string, unknown>>;
    return typeof taskId === "string" && typeof sourceArn === "string" ? sourceArn : undefined;
  } catch {
    // What is not JSON is no handle.
    return undefined;
  }
}
