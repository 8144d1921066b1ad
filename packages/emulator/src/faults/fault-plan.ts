import type { Random } from "@pilotlight/core";

import type { Fault, FaultPoint, FaultSource, FaultSubject } from "./contract.ts";
import { FAULT_KINDS, selected } from "./fault-kind.ts";
import type { FaultOrder } from "./fault-order.ts";

/** An order as it stands: how often it has struck, and how often it still will. */
export interface PlannedFault {
  readonly id: string;
  readonly fault: Fault;
  /** The one function, queue, container or hop that it strikes; all of them where it is absent. */
  readonly name?: string;
  readonly probability: number;
  readonly struck: number;
  readonly left: number | "unlimited";
}

/** Orders at the same time; each is looked at for every request. */
const ORDERS_MAX = 1_000;

interface Entry {
  readonly id: string;
  readonly order: FaultOrder;
  struck: number;
}

/** The faults that are ordered and have not struck yet, oldest first. */
export class FaultPlan implements FaultSource {
  readonly #random: Random;
  readonly #onStruck: (fault: Fault, name: string | undefined) => void;
  readonly #entries = new Map<FaultPoint, Entry[]>();
  #count = 0;
  #lastId = 0;

  /** @param onStruck - Told of every fault with the function, queue, container or hop that it strikes. */
  constructor(random: Random, onStruck: (fault: Fault, name: string | undefined) => void) {
    this.#random = random;
    this.#onStruck = onStruck;
  }

  /** @returns The id of the order, or `undefined` when there are 1,000 already. */
  add(order: FaultOrder): string | undefined {
    if (this.#count >= ORDERS_MAX) return undefined;
    this.#lastId += 1;
    this.#count += 1;
    const id = `fault-${this.#lastId}`;
    const { point } = FAULT_KINDS[order.fault.kind];
    const entries = this.#entries.get(point) ?? [];
    this.#entries.set(point, entries);
    entries.push({ id, order, struck: 0 });
    return id;
  }

  take(point: FaultPoint, subject: FaultSubject): Fault | undefined {
    const entries = this.#entries.get(point);
    const entry = entries?.find(({ order }) => this.#strikes(order, subject));
    if (entry === undefined) return undefined;
    entry.struck += 1;
    this.#onStruck(entry.order.fault, selected(entry.order.selector, subject));
    if (entry.struck >= entry.order.count) this.delete(entry.id);
    return entry.order.fault;
  }

  list(): PlannedFault[] {
    return [...this.#entries.values()].flat().map(({ id, order, struck }) => ({
      id,
      fault: order.fault,
      ...(order.name === undefined ? {} : { name: order.name }),
      probability: order.probability,
      struck,
      left: order.count === Number.POSITIVE_INFINITY ? "unlimited" : order.count - struck,
    }));
  }

  /** @returns Whether there was such an order. */
  delete(id: string): boolean {
    for (const [point, entries] of this.#entries) {
      const index = entries.findIndex((entry) => entry.id === id);
      if (index < 0) continue;
      entries.splice(index, 1);
      if (entries.length === 0) this.#entries.delete(point);
      this.#count -= 1;
      return true;
    }
    return false;
  }

  /** @returns How many orders there were. */
  clear(): number {
    const count = this.#count;
    this.#entries.clear();
    this.#count = 0;
    return count;
  }

  #strikes({ selector, name, probability }: FaultOrder, subject: FaultSubject): boolean {
    if (name !== undefined && selected(selector, subject) !== name) return false;
    return probability === 1 || this.#random.next() < probability;
  }
}
