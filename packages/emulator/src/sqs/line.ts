import { OrderedHeap } from "./ordered-heap.ts";

/** What a line needs to know of the messages that stand in it. */
export interface Waiting {
  readonly order: number;
  readonly groupId: string | undefined;
}

/**
 * In which order the messages of a queue are given out.
 *
 * A message is added once and is then ready (it can be received), hidden until its delay is over, or out (a consumer
 * has it).
 */
export interface Line<Item extends Waiting> {
  addHidden(item: Item): void;
  addReady(item: Item): void;
  addOut(item: Item): void;
  /** A hidden message, or one that was out, can be received. */
  ready(item: Item): void;
  /** Takes the next message out; a consumer gets it, or it leaves the queue by {@link Line.remove}. */
  take(): Item | undefined;
  /** Ends one receive: whatever was taken since the last call goes to one consumer. */
  endReceive(): void;
  remove(item: Item): void;
  clear(): void;
}

/** A standard queue: the oldest message that can be received. */
export class StandardLine<Item extends Waiting> implements Line<Item> {
  readonly #ready = new OrderedHeap<Item>(({ order }) => order);

  addHidden(_item: Item): void {}

  addOut(_item: Item): void {}

  addReady(item: Item): void {
    this.#ready.add(item);
  }

  ready(item: Item): void {
    this.#ready.add(item);
  }

  take(): Item | undefined {
    return this.#ready.take();
  }

  endReceive(): void {}

  remove(item: Item): void {
    this.#ready.delete(item);
  }

  clear(): void {
    this.#ready.clear();
  }
}

/** The messages of one group. */
class Group<Item extends Waiting> {
  readonly id: string;
  /** Those that no consumer has, hidden ones too: none may overtake another. */
  readonly pending = new OrderedHeap<Item>(({ order }) => order);
  /** Those of them that cannot be received yet. */
  readonly hidden = new Set<Item>();
  readonly out = new Set<Item>();
  /** Where it stands among the groups; set when it is put there. */
  headOrder = 0;

  constructor(id: string) {
    this.id = id;
  }

  get isEmpty(): boolean {
    return this.pending.size === 0 && this.out.size === 0;
  }

  /** The message that comes next, unless it is hidden. */
  get head(): Item | undefined {
    const first = this.pending.peek();
    return first === undefined || this.hidden.has(first) ? undefined : first;
  }
}

/**
 * A FIFO queue: the messages of a group in their order, and none while a consumer has one of them.
 *
 * One receive may take several messages of a group; it takes as many of one group as it can before it goes on to the
 * next.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html,
 *   read 2026-11-24
 */
export class GroupedLine<Item extends Waiting> implements Line<Item> {
  readonly #groups = new Map<string, Group<Item>>();
  readonly #available = new OrderedHeap<Group<Item>>(({ headOrder }) => headOrder);
  /** The group that the receive in progress takes from. */
  #current: Group<Item> | undefined;

  addHidden(item: Item): void {
    const group = this.#groupOf(item);
    group.pending.add(item);
    group.hidden.add(item);
    this.#place(group);
  }

  addReady(item: Item): void {
    const group = this.#groupOf(item);
    group.pending.add(item);
    this.#place(group);
  }

  addOut(item: Item): void {
    const group = this.#groupOf(item);
    group.out.add(item);
    this.#place(group);
  }

  ready(item: Item): void {
    const group = this.#groupOf(item);
    group.hidden.delete(item);
    group.out.delete(item);
    group.pending.add(item);
    this.#place(group);
  }

  take(): Item | undefined {
    if (this.#current?.head === undefined) {
      this.endReceive();
      this.#current = this.#available.take();
    }
    const group = this.#current;
    const item = group?.head;
    if (group === undefined || item === undefined) return undefined;
    group.pending.delete(item);
    group.out.add(item);
    return item;
  }

  endReceive(): void {
    const group = this.#current;
    this.#current = undefined;
    if (group !== undefined) this.#place(group);
  }

  remove(item: Item): void {
    const group = this.#groupOf(item);
    group.pending.delete(item);
    group.hidden.delete(item);
    group.out.delete(item);
    this.#place(group);
  }

  clear(): void {
    this.#groups.clear();
    this.#available.clear();
    this.#current = undefined;
  }

  #groupOf({ groupId = "" }: Item): Group<Item> {
    const known = this.#groups.get(groupId);
    if (known !== undefined) return known;
    const group = new Group<Item>(groupId);
    this.#groups.set(groupId, group);
    return group;
  }

  /** Puts the group where its state says: among those that can be taken from, or not. */
  #place(group: Group<Item>): void {
    if (group === this.#current) return;
    this.#available.delete(group);
    const { head } = group;
    if (head !== undefined && group.out.size === 0) {
      group.headOrder = head.order;
      this.#available.add(group);
    }
    if (group.isEmpty) this.#groups.delete(group.id);
  }
}
