import type { Input } from "./input.ts";
import type { LiveQueue } from "./live-queue.ts";
import { checkFifoNeeds } from "./message-input.ts";
import { deletedFrom, fifoParameters, sentTo, visibilityChangedIn } from "./message-operations.ts";
import { messageBytes } from "./message.ts";
import { calledQueue, type Output, type SqsCall } from "./operation.ts";
import { SqsError } from "./sqs-error.ts";

const ENTRIES_MAX = 10;
const ID_PATTERN = /^[A-Za-z0-9_-]{1,80}$/;

/**
 * All messages of a batch together.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html, read 2026-11-24
 */
const BATCH_BYTES_MAX = 1_048_576;

export function sendMessageBatch(call: SqsCall): Output {
  const queue = calledQueue(call);
  const entries = checkedEntries(call.input, "SendMessageBatchRequestEntry");
  // What a FIFO queue cannot do without in an entry refuses the whole request.
  for (const entry of entries) {
    const { groupId, deduplicationId } = fifoParameters(entry);
    checkFifoNeeds({ groupId, deduplicationId }, queue.settings);
  }
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  if (bytes > BATCH_BYTES_MAX) {
    throw new SqsError(
      "BatchRequestTooLong",
      `Batch requests cannot be longer than ${BATCH_BYTES_MAX} bytes. You have sent ${bytes} bytes.`,
    );
  }
  return outcomes(entries, (entry) => sentTo(queue, { ...call, input: entry }));
}

export function deleteMessageBatch(call: SqsCall): Output {
  return each(call, { element: "DeleteMessageBatchRequestEntry", run: deletedFrom });
}

export function changeMessageVisibilityBatch(call: SqsCall): Output {
  const element = "ChangeMessageVisibilityBatchRequestEntry";
  return each(call, { element, run: visibilityChangedIn });
}

function each(
  call: SqsCall,
  { element, run }: { element: string; run: (queue: LiveQueue, entry: Input) => Output },
): Output {
  const queue = calledQueue(call);
  const entries = checkedEntries(call.input, element);
  return outcomes(entries, (entry) => run(queue, entry));
}

/** @param element - What an entry is called in the text of the error. */
function checkedEntries(input: Input, element: string): readonly Input[] {
  const entries = input.structures("Entries");
  if (entries.length === 0) {
    throw new SqsError(
      "EmptyBatchRequest",
      `There should be at least one ${element} in the request.`,
    );
  }
  if (entries.length > ENTRIES_MAX) {
    throw new SqsError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${ENTRIES_MAX}. You have sent ${entries.length}.`,
    );
  }
  const ids = new Set<string>();
  for (const entry of entries) {
    const id = entry.optionalText("Id") ?? "";
    if (!ID_PATTERN.test(id)) {
      throw new SqsError(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      );
    }
    if (ids.has(id)) throw new SqsError("BatchEntryIdsNotDistinct", `Id ${id} repeated.`);
    ids.add(id);
  }
  return entries;
}

/** Runs entry by entry; what one is refused for does not concern the others. */
function outcomes(entries: readonly Input[], run: (entry: Input) => Output): Output {
  const successful: Output[] = [];
  const failed: Output[] = [];
  for (const entry of entries) {
    const id = entry.text("Id");
    try {
      successful.push({ Id: id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      failed.push({ Id: id, SenderFault: true, Code: error.queryCode, Message: error.message });
    }
  }
  return {
    Successful: successful.length === 0 ? undefined : successful,
    Failed: failed.length === 0 ? undefined : failed,
  };
}

function entryBytes(entry: Input): number {
  const body = entry.optionalText("MessageBody") ?? "";
  return messageBytes({ body, attributes: entry.attributes("MessageAttributes") });
}
