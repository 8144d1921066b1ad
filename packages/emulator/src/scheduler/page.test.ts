import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { pageOf } from "./page.ts";

const keyOf = (item: string) => item;

describe("pageOf", () => {
  test("for every list and page size, the pages together are the list", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 })),
        fc.integer({ min: 1, max: 5 }),
        (items, itemsMax) => {
          const sorted = items.toSorted((one, other) => (one < other ? -1 : 1));
          const found: string[] = [];
          let token: string | undefined;
          do {
            const page = pageOf(sorted, { itemsMax, token, keyOf });
            expect(page?.items.length).toBeLessThanOrEqual(itemsMax);
            found.push(...(page?.items ?? []));
            token = page?.nextToken;
          } while (token !== undefined);
          expect(found).toEqual(sorted);
        },
      ),
    );
  });

  test("goes on after an item that has been deleted meanwhile", () => {
    const { nextToken } = pageOf(["a", "b", "c"], { itemsMax: 2, token: undefined, keyOf }) ?? {};
    expect(pageOf(["a", "c"], { itemsMax: 2, token: nextToken, keyOf })?.items).toEqual(["c"]);
  });

  test("takes no token that it has not given", () => {
    expect(pageOf(["a"], { itemsMax: 1, token: "not a token!", keyOf })).toBeUndefined();
  });
});
