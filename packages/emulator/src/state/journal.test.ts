import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Journal } from "./journal.ts";

const state = { folder: "" };
const path = () => join(state.folder, "deep", "queue.jsonl");
const open = () =>
  new Journal<number>({
    path: path(),
    read: (value) => {
      if (typeof value !== "number") throw new Error(`a number is expected; got ${String(value)}`);
      return value;
    },
  });

beforeEach(() => {
  state.folder = mkdtempSync(join(tmpdir(), "pilotlight-journal-"));
});

afterEach(() => {
  rmSync(state.folder, { recursive: true });
});

/** Opens a journal, lets `use` work with it, and closes it. @returns What it held when it was opened. */
function opened(use: (journal: Journal<number>) => void = () => undefined): readonly number[] {
  const journal = open();
  use(journal);
  journal.close();
  return journal.takeEntries();
}

describe("a journal", () => {
  test("is empty at first, and has its file in a folder of its own", () => {
    expect(opened()).toEqual([]);
    expect(readFileSync(path(), "utf8")).toBe("");
  });

  test("gives the entries back in their order, for every list of appends and rewrites", () => {
    const step = fc.oneof(
      fc.record({ append: fc.integer() }),
      fc.record({ rewrite: fc.array(fc.integer(), { maxLength: 3 }) }),
      fc.constant("reopen" as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let journal = open();
        journal.rewrite([]);
        let expected: number[] = [];
        // What each opening found, and what it had to find.
        const read: [readonly number[], readonly number[]][] = [];
        for (const one of steps) {
          if (one === "reopen") {
            journal.close();
            journal = open();
            read.push([journal.takeEntries(), expected]);
          } else if ("append" in one) {
            journal.append(one.append);
            expected = [...expected, one.append];
          } else {
            journal.rewrite(one.rewrite);
            expected = one.rewrite;
          }
          expect(journal).toHaveLength(expected.length);
        }
        journal.close();
        read.push([opened(), expected]);
        for (const [found, wanted] of read) expect(found).toEqual(wanted);
      }),
      { numRuns: 50 },
    );
  });

  test("forgets a last line that was cut, and keeps those before it", () => {
    opened((journal) => journal.append(1));
    appendFileSync(path(), "23");
    expect(opened((journal) => journal.append(4))).toEqual([1]);
    expect(opened()).toEqual([1, 4]);
  });

  test("refuses a file with another line, names the line, and leaves the file as it is", () => {
    opened((journal) => journal.append(1));
    appendFileSync(path(), '"two"\n3\n');
    const before = readFileSync(path(), "utf8");
    expect(open).toThrow(/queue\.jsonl, line 2: .*a number is expected.*move the file away/);
    expect(readFileSync(path(), "utf8")).toBe(before);
  });

  test("keeps what it has, and nothing of a line that the disk is too full for", () => {
    const program = `
      import { Journal } from ${JSON.stringify(join(import.meta.dirname, "journal.ts"))};
      const journal = new Journal({ path: process.argv[1], read: (value) => value });
      let appended = 0;
      try {
        for (;;) {
          journal.append("x".repeat(1000));
          appended += 1;
        }
      } catch (error) {
        console.log(JSON.stringify({ appended, code: error.code }));
      }`;
    // The shell's limit on the size of files stands for the size of the disk.
    const command = 'ulimit -f 8; exec "$0" --input-type=module --eval "$1" "$2"';
    const output = execFileSync("/bin/sh", ["-c", command, process.execPath, program, path()]);
    const { appended, code } = JSON.parse(output.toString()) as { appended: number; code: string };
    expect([appended > 0, code]).toEqual([true, "EFBIG"]);
    const journal = new Journal({ path: path(), read: String });
    expect(journal.takeEntries()).toHaveLength(appended);
    journal.append("y");
    journal.close();
    expect(readFileSync(path(), "utf8")).toMatch(/\n"y"\n$/);
  });

  test("reads lines of any length back, also where a piece that is read ends within a letter", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_500_000 }), { maxLength: 4 }), (lengths) => {
        const texts = lengths.map((length) => "ä€".repeat(length / 2));
        const written = new Journal({ path: path(), read: String });
        written.rewrite(texts.slice(0, 2));
        for (const text of texts.slice(2)) written.append(text);
        written.close();
        const read = new Journal({ path: path(), read: String });
        read.close();
        expect(read.takeEntries()).toEqual(texts);
      }),
      { numRuns: 10 },
    );
  });

  test("takes nothing after its end, whatever file has its number then", () => {
    const journal = open();
    journal.append(1);
    journal.close();
    journal.close();
    expect(() => journal.append(2)).toThrow("is closed");
    expect(() => journal.rewrite([])).toThrow("is closed");
    expect(opened()).toEqual([1]);
  });

  test("stays as it is where it cannot be replaced", () => {
    const journal = open();
    journal.append(1);
    mkdirSync(`${path()}.next`);
    expect(() => journal.rewrite([2])).toThrow("EISDIR");
    journal.append(3);
    journal.close();
    expect(opened()).toEqual([1, 3]);
  });

  test("says what stands in its place where it is no file", () => {
    mkdirSync(path(), { recursive: true });
    expect(open).toThrow(/EISDIR.*move it away/);
  });

  test("gives what it found once", () => {
    opened((journal) => journal.append(1));
    const journal = open();
    expect([journal.takeEntries(), journal.takeEntries()]).toEqual([[1], []]);
    journal.close();
  });

  test("refuses a file that is not JSON", () => {
    opened();
    writeFileSync(path(), "not JSON\n");
    expect(open).toThrow(expect.objectContaining({ code: "ERR_STATE_BROKEN" }));
  });
});
