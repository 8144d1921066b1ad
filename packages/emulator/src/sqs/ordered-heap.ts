/**
 * A set of items with the smallest one at hand: adding, taking and deleting cost the logarithm of its size.
 *
 * The order of an item must not change while it is in the heap.
 */
export class OrderedHeap<Item> {
  readonly #items: Item[] = [];
  readonly #places = new Map<Item, number>();
  readonly #orderOf: (item: Item) => number;

  constructor(orderOf: (item: Item) => number) {
    this.#orderOf = orderOf;
  }

  get size(): number {
    return this.#items.length;
  }

  has(item: Item): boolean {
    return this.#places.has(item);
  }

  /** The smallest item. */
  peek(): Item | undefined {
    return this.#items[0];
  }

  /** An item that is there already stays as it is. */
  add(item: Item): void {
    if (this.#places.has(item)) return;
    this.#put(item, this.#items.length);
    this.#rise(item);
  }

  /** Takes the smallest item out. */
  take(): Item | undefined {
    const [first] = this.#items;
    if (first !== undefined) this.delete(first);
    return first;
  }

  /** @returns Whether it was there. */
  delete(item: Item): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    const last = this.#items.pop();
    this.#places.delete(item);
    if (last === undefined || last === item) return true;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
    return true;
  }

  clear(): void {
    this.#items.length = 0;
    this.#places.clear();
  }

  #put(item: Item, place: number): void {
    this.#items[place] = item;
    this.#places.set(item, place);
  }

  #rise(item: Item): void {
    const order = this.#orderOf(item);
    let place = this.#places.get(item) ?? 0;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || this.#orderOf(parent) <= order) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(item, place);
  }

  #sink(item: Item): void {
    const order = this.#orderOf(item);
    let place = this.#places.get(item) ?? 0;
    for (let below = this.#smallerBelow(place); below !== undefined;) {
      const child = this.#items[below];
      if (child === undefined || this.#orderOf(child) >= order) break;
      this.#put(child, place);
      place = below;
      below = this.#smallerBelow(place);
    }
    this.#put(item, place);
  }

  #smallerBelow(place: number): number | undefined {
    const left = 2 * place + 1;
    const leftItem = this.#items[left];
    if (leftItem === undefined) return undefined;
    const rightItem = this.#items[left + 1];
    if (rightItem === undefined) return left;
    return this.#orderOf(rightItem) < this.#orderOf(leftItem) ? left + 1 : left;
  }
}
