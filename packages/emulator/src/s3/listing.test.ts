import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { compareKeys, OrderedMap } from "./key-order.ts";
import { type Listing, listingOf, type ListingQuery } from "./listing.ts";

const key = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", "/", "-"), minLength: 1, maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom("a", "\u{10000}", "\uffee", "\u00e4"),
    minLength: 1,
    maxLength: 4,
  }),
);

const byBytes = (left: string, right: string) => Buffer.from(left).compare(Buffer.from(right));

function mapOf(keys: readonly string[]): OrderedMap<string> {
  const map = new OrderedMap<string>();
  for (const one of keys) map.set(one, one);
  return map;
}

/** All of a list at once, as its description has it. */
function naive(keys: readonly string[], { prefix, delimiter, after }: ListingQuery): string[] {
  const items = new Set<string>();
  for (const one of [...new Set(keys)].toSorted(byBytes)) {
    if (!one.startsWith(prefix)) continue;
    const end = delimiter === "" ? -1 : one.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : one.slice(0, end + delimiter.length);
    const isBehind = common === after ? false : byBytes(one, after) > 0;
    if (isBehind) items.add(common ?? one);
  }
  return [...items];
}

const itemsOf = ({ keys, commonPrefixes }: Listing) =>
  [...keys, ...commonPrefixes].toSorted(byBytes);

describe("compareKeys", () => {
  test("for every two keys, orders them as their bytes in UTF-8", () => {
    const anything = fc.string({ unit: "grapheme", maxLength: 5 });
    fc.assert(
      fc.property(fc.oneof(key, anything), fc.oneof(key, anything), (left, right) => {
        expect(Math.sign(compareKeys(left, right))).toBe(byBytes(left, right));
      }),
    );
  });
});

describe("OrderedMap", () => {
  test("for every list of changes, has the keys in their order", () => {
    const change = fc.record({ key, isDeletion: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const map = new OrderedMap<string>();
        const model = new Map<string, string>();
        for (const { key: one, isDeletion } of changes) {
          if (isDeletion) map.delete(one);
          else map.set(one, one);
          if (isDeletion) model.delete(one);
          else model.set(one, one);
        }
        expect([...map.values()]).toEqual([...model.keys()].toSorted(byBytes));
        expect(map.size).toBe(model.size);
      }),
    );
  });
});

describe("listingOf", () => {
  const query = fc.record({
    prefix: fc.oneof(fc.constant(""), fc.constantFrom("a", "a/", "b", "/")),
    delimiter: fc.constantFrom("", "/", "a", "ab"),
    after: fc.oneof(fc.constant(""), key),
  });

  test("for every list of keys and every query, gives what a search through all of them gives", () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 30 }), query, (keys, one) => {
        const whole = { ...one, itemsMax: 1000 };
        const listing = listingOf(mapOf(keys), whole);
        expect(itemsOf(listing)).toEqual(naive(keys, whole));
        expect(listing.next).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test("for every size of a page, the pages together are the whole", () => {
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 30 }),
        query,
        fc.integer({ min: 1, max: 5 }),
        (keys, one, itemsMax) => {
          const map = mapOf(keys);
          const found: string[] = [];
          let after: string | undefined = one.after;
          while (after !== undefined) {
            const page = listingOf(map, { ...one, after, itemsMax });
            const items = itemsOf(page);
            expect(items.length).toBeLessThanOrEqual(itemsMax);
            expect(page.next).toBe(page.next === undefined ? undefined : items.at(-1));
            found.push(...items);
            after = page.next;
          }
          expect(found).toEqual(naive(keys, { ...one, itemsMax }));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("gives nothing when nothing is asked for, and no more pages", () => {
    const one = { prefix: "", delimiter: "", after: "", itemsMax: 0 };
    expect(listingOf(mapOf(["a"]), one)).toEqual({ keys: [], commonPrefixes: [], next: undefined });
  });
});
