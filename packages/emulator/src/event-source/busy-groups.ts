import type { ReceivedMessage } from "../sqs/contract.ts";

type Grouped = Pick<ReceivedMessage, "groupId">;

/** The message groups that have a batch with the function. */
export class BusyGroups {
  readonly #batches = new Map<string, number>();

  /** Whether the message must wait for a batch of its group; one without a group never does. */
  has({ groupId }: Grouped): boolean {
    return groupId !== undefined && this.#batches.has(groupId);
  }

  /** A batch has begun. */
  add(messages: readonly Grouped[]): void {
    for (const groupId of groupsOf(messages)) {
      this.#batches.set(groupId, (this.#batches.get(groupId) ?? 0) + 1);
    }
  }

  /** A batch has ended. */
  remove(messages: readonly Grouped[]): void {
    for (const groupId of groupsOf(messages)) {
      const left = (this.#batches.get(groupId) ?? 0) - 1;
      if (left > 0) this.#batches.set(groupId, left);
      else this.#batches.delete(groupId);
    }
  }
}

function groupsOf(messages: readonly Grouped[]): Set<string> {
  return new Set(messages.flatMap(({ groupId }) => (groupId === undefined ? [] : [groupId])));
}
