import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { KeptRecords } from "./kept-records.ts";

interface Item {
  readonly key: string;
  readonly value: number;
}

const state = { folder: "" };
const path = () => join(state.folder, "records.jsonl");

beforeEach(() => {
  state.folder = mkdtempSync(join(tmpdir(), "pilotlight-records-"));
});

afterEach(() => {
  rmSync(state.folder, { recursive: true });
});

function open(): KeptRecords<Item> {
  return new KeptRecords({
    path: path(),
    keyOf: ({ key }) => key,
    read: (value) => {
      const item = value as Item;
      if (typeof item.value !== "number") throw new Error("a value is a number");
      return item;
    },
  });
}

describe("KeptRecords", () => {
  test("for every history, holds what a map would, also after it is opened again", () => {
    const change = fc.record({
      key: fc.constantFrom("a", "b", "c"),
      value: fc.option(fc.integer()),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        writeFileSync(path(), "");
        const records = open();
        const expected = new Map<string, Item>();
        for (const { key, value } of changes) {
          if (value === null) {
            records.delete(key);
            expected.delete(key);
          } else {
            records.put({ key, value });
            expected.set(key, { key, value });
          }
        }
        records.close();
        const reopened = open();
        reopened.close();
        for (const one of [records, reopened]) {
          expect(one.list()).toEqual(
            [...expected.values()].toSorted((left, right) => (left.key < right.key ? -1 : 1)),
          );
          expect(one.size).toBe(expected.size);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("keeps its file short however often a record changes", () => {
    const records = open();
    for (let value = 0; value <= 2_500; value += 1) records.put({ key: "a", value });
    records.close();
    expect(readFileSync(path(), "utf8").split("\n").length).toBeLessThan(1_100);
    const reopened = open();
    reopened.close();
    expect(reopened.get("a")).toEqual({ key: "a", value: 2_500 });
  });

  test.each(['{"put":{"key":"a","value":"text"}}', "{}", "3"])(
    "refuses a file that holds %s",
    (line) => {
      writeFileSync(path(), `${line}\n`);
      expect(open).toThrow(expect.objectContaining({ code: "ERR_STATE_BROKEN" }));
    },
  );
});
