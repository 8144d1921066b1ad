import type { AccountQueues } from "./account-queues.ts";
import type { LiveQueue } from "./live-queue.ts";
import { type MoveTask, sourceOfTask } from "./move-tasks.ts";
import type { Output, SqsCall } from "./operation.ts";
import { invalidParameterValue, invalidValue, SqsError } from "./sqs-error.ts";

const MESSAGES_PER_SECOND_MAX = 500;
const RESULTS_MAX = 10;

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html, read 2026-11-24 */
export function startMessageMoveTask({ input, queues }: SqsCall): Output {
  const sourceArn = input.text("SourceArn");
  const destinationArn = input.optionalText("DestinationArn");
  const messagesPerSecondMax = input.optionalInteger("MaxNumberOfMessagesPerSecond");
  const source = existing(queues, { arn: sourceArn, parameter: "SourceArn" });
  if (!queues.list().some(({ settings }) => settings.redrive?.targetArn === sourceArn)) {
    throw invalidValue("Source queue must be configured as a Dead Letter Queue.");
  }
  if (destinationArn !== undefined) {
    existing(queues, { arn: destinationArn, parameter: "DestinationArn" });
    if (destinationArn === sourceArn) {
      throw invalidValue("Source queue arn and destination queue arn cannot be the same.");
    }
  }
  if (messagesPerSecondMax !== undefined) checkPace(messagesPerSecondMax);
  const { handle } = queues.moves.start(source, {
    sourceArn,
    destinationArn,
    messagesPerSecondMax,
  });
  return { TaskHandle: handle };
}

export function cancelMessageMoveTask({ input, queues }: SqsCall): Output {
  const handle = input.text("TaskHandle");
  const sourceArn = sourceOfTask(handle);
  if (sourceArn === undefined) throw invalidValue("Value for parameter TaskHandle is invalid.");
  existing(queues, { arn: sourceArn, parameter: "SourceArn" });
  const { moved } = queues.moves.cancel(handle);
  return { ApproximateNumberOfMessagesMoved: moved };
}

export function listMessageMoveTasks({ input, queues }: SqsCall): Output {
  const sourceArn = input.text("SourceArn");
  const resultsMax = input.optionalInteger("MaxResults") ?? 1;
  existing(queues, { arn: sourceArn, parameter: "SourceArn" });
  if (resultsMax < 1 || resultsMax > RESULTS_MAX) {
    const reason = "MaxResults must be an integer between 1 and 10.";
    throw invalidParameterValue("MaxResults", { value: resultsMax, reason });
  }
  return { Results: queues.moves.list(sourceArn).slice(0, resultsMax).map(wireTask) };
}

function existing(
  queues: AccountQueues,
  { arn, parameter }: { readonly arn: string; readonly parameter: string },
): LiveQueue {
  const queue = queues.findByArn(arn);
  if (queue !== undefined) return queue;
  throw new SqsError(
    "ResourceNotFoundException",
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
    404,
  );
}

function checkPace(value: number): void {
  if (value >= 1 && value <= MESSAGES_PER_SECOND_MAX) return;
  const reason = "You must enter a value between 1 and 500.";
  throw invalidParameterValue("MaxNumberOfMessagesPerSecond", { value, reason });
}

function wireTask(task: MoveTask): Output {
  return {
    // Only a task that runs can be cancelled.
    TaskHandle: task.status === "RUNNING" ? task.handle : undefined,
    Status: task.status,
    SourceArn: task.sourceArn,
    DestinationArn: task.destinationArn,
    MaxNumberOfMessagesPerSecond: task.messagesPerSecondMax,
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    FailureReason: task.failureReason,
    StartedTimestamp: task.startedMs,
  };
}
