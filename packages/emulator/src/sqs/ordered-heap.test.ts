import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { OrderedHeap } from "./ordered-heap.ts";

interface Item {
  readonly order: number;
}

const step = fc.oneof(
  fc.record({ add: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ delete: fc.nat(30) }),
  fc.constant("take" as const),
);

describe("OrderedHeap", () => {
  test("for every list of additions, deletions and takings, gives the smallest item that is there", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const heap = new OrderedHeap<Item>(({ order }) => order);
        const added: Item[] = [];
        let there: Item[] = [];
        const actual: unknown[] = [];
        const expected: unknown[] = [];
        for (const one of steps) {
          if (one === "take") {
            const taken = heap.take();
            actual.push(taken?.order);
            expected.push(smallest(there));
            there = there.filter((item) => item !== taken);
          } else if ("add" in one) {
            const item = { order: one.add };
            added.push(item);
            there.push(item);
            heap.add(item);
          } else {
            const item = added[one.delete];
            if (item === undefined) continue;
            actual.push(heap.delete(item));
            expected.push(there.includes(item));
            there = there.filter((other) => other !== item);
          }
          actual.push(heap.size, heap.peek()?.order);
          expected.push(there.length, smallest(there));
        }
        expect(actual).toEqual(expected);
      }),
    );
  });

  test("looks at a number of items that grows with the logarithm of its size", () => {
    let looks = 0;
    const heap = new OrderedHeap<Item>(({ order }) => {
      looks += 1;
      return order;
    });
    const count = 100_000;
    const items = Array.from({ length: count }, (_, index) => ({ order: (index * 7919) % count }));
    for (const item of items) heap.add(item);
    for (const item of items.slice(0, count / 2)) heap.delete(item);
    while (heap.take() !== undefined);
    // Each item goes in and out once; at each of the 17 levels an operation looks at three items at most.
    expect(looks / (2 * count)).toBeLessThan(3 * Math.ceil(Math.log2(count)));
  });
});

function smallest(items: readonly Item[]): number | undefined {
  return items.length === 0 ? undefined : Math.min(...items.map(({ order }) => order));
}
