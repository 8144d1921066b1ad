import type { Remembered } from "./deduplication.ts";
import type { Message, QueuedMessage } from "./message.ts";
import type { QueueEntry } from "./queue-entry.ts";
import type { QueueRecord } from "./queue-record.ts";

/** A queue as its journal tells it. */
export interface QueueState {
  readonly record: QueueRecord;
  readonly messages: readonly QueuedMessage[];
  readonly remembered: readonly Remembered[];
  readonly lastOrder: number;
}

/**
 * The queue that a journal tells of.
 *
 * A clock that runs faster than the machine's starts again from the machine's time: what was written may then lie in
 * the future. The whole queue is moved back so that its last entry is written now; what a delay or a visibility timeout
 * had left, it has left.
 *
 * @param nowMs - Service time, epoch milliseconds.
 * @returns `undefined` where the journal tells of no queue.
 */
export function queueOf(entries: readonly QueueEntry[], nowMs: number): QueueState | undefined {
  let record: QueueRecord | undefined;
  let lastOrder = 0;
  let lastMs = -Infinity;
  const messages = new Map<string, QueuedMessage>();
  const remembered = new Map<string, Remembered>();
  for (const entry of entries) {
    lastMs = Math.max(lastMs, entry.atMs);
    if (entry.kind === "queue") {
      record = entry.record;
      lastOrder = Math.max(lastOrder, entry.lastOrder);
      continue;
    }
    if (entry.kind === "added") lastOrder = Math.max(lastOrder, entry.queued.order);
    if (entry.kind === "added" || entry.kind === "remembered") {
      remember(remembered, entry.remembered);
    }
    apply(messages, entry);
  }
  if (record === undefined) return undefined;
  const backMs = Math.max(0, lastMs - nowMs);
  return {
    record: {
      ...record,
      createdMs: record.createdMs - backMs,
      modifiedMs: record.modifiedMs - backMs,
    },
    messages: [...messages.values()].map((queued) => moved(queued, backMs)),
    remembered: [...remembered.values()].map((one) => ({
      ...one,
      expiresMs: one.expiresMs - backMs,
    })),
    lastOrder,
  };
}

/** A key that comes again expires later, so that it goes to the end. */
function remember(remembered: Map<string, Remembered>, one: Remembered | undefined): void {
  if (one === undefined) return;
  remembered.delete(one.key);
  remembered.set(one.key, one);
}

function apply(messages: Map<string, QueuedMessage>, entry: QueueEntry): void {
  switch (entry.kind) {
    case "added":
      messages.set(entry.queued.message.id, entry.queued);
      return;
    case "received":
      for (const id of entry.ids) receive(messages, { ...entry, id });
      return;
    case "hidden": {
      const queued = messages.get(entry.id);
      if (queued === undefined) return;
      messages.set(entry.id, { ...queued, visibleAtMs: entry.visibleAtMs });
      return;
    }
    case "removed":
      for (const id of entry.ids) messages.delete(id);
      return;
    case "purged":
      messages.clear();
      return;
    case "queue":
    case "remembered":
      return;
  }
}

function receive(
  messages: Map<string, QueuedMessage>,
  { id, atMs, visibleAtMs }: { id: string; atMs: number; visibleAtMs: number },
): void {
  const queued = messages.get(id);
  if (queued === undefined) return;
  messages.set(id, {
    ...queued,
    receiveCount: queued.receiveCount + 1,
    firstReceivedMs: queued.firstReceivedMs ?? atMs,
    lastReceivedMs: atMs,
    visibleAtMs,
    isInFlight: true,
  });
}

function moved(queued: QueuedMessage, backMs: number): QueuedMessage {
  if (backMs === 0) return queued;
  const back = (ms: number | undefined) => (ms === undefined ? undefined : ms - backMs);
  const { sentMs, enqueuedMs } = queued.message;
  const message: Message = {
    ...queued.message,
    sentMs: sentMs - backMs,
    enqueuedMs: enqueuedMs - backMs,
  };
  return {
    ...queued,
    message,
    firstReceivedMs: back(queued.firstReceivedMs),
    lastReceivedMs: back(queued.lastReceivedMs),
    visibleAtMs: queued.visibleAtMs - backMs,
  };
}
