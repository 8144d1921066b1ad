import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { EventReport, KeptEvent } from "./event.ts";
import { EventJournal } from "./event-journal.ts";
import { readLine, writtenLine } from "./event-line.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pilotlight-events-"));
  path = join(directory, "lambda", "events.jsonl");
});

afterEach(() => rmSync(directory, { recursive: true }));

const REPORT: EventReport = {
  conclusion: {
    condition: "Success",
    invokeCount: 1,
    epochMs: 5,
    answer: { payload: "{}", version: "3", isFunctionError: false },
    statusCode: 200,
    error: undefined,
  },
  targets: [{ kind: "destination", arn: "arn:aws:sqs:us-east-1:000000000000:q" }],
};

function keptEvent(id: number, more: Partial<KeptEvent> = {}): KeptEvent {
  return {
    id,
    event: {
      requestId: `request-${id}`,
      reference: { name: "fn", qualifier: "live" },
      payload: Buffer.from('{"a":1}'),
      contentType: "application/json",
      traceId: "Root=1",
    },
    ageMs: 0,
    failures: 0,
    delayMs: 0,
    report: undefined,
    ...more,
  };
}

/** What another emulator would find. */
function reopened(): readonly KeptEvent[] {
  const journal = new EventJournal(path);
  journal.close();
  return journal.restored;
}

describe("EventJournal", () => {
  test("finds events as they were left: accepted, failed, concluded, and none that has ended", () => {
    const journal = new EventJournal(path);
    for (const id of [1, 2, 3, 4]) journal.accept(keptEvent(id));
    journal.fail(2, { failures: 1, ageMs: 20, delayMs: 60_000 });
    journal.conclude(3, REPORT);
    journal.end(4);
    // No close: the process was killed.
    expect(reopened()).toEqual([
      keptEvent(1),
      keptEvent(2, { failures: 1, ageMs: 20, delayMs: 60_000 }),
      keptEvent(3, { report: REPORT }),
    ]);
    expect(reopened()).toHaveLength(3);
  });

  test("finds where events stood that were left, and the targets that have no record yet", () => {
    const journal = new EventJournal(path);
    const two = [
      { kind: "dead_letter_queue", arn: "arn:aws:sqs:::dead" },
      ...REPORT.targets,
    ] as const;
    for (const id of [1, 2]) journal.accept(keptEvent(id));
    journal.conclude(2, { ...REPORT, targets: two });
    journal.leave(keptEvent(1, { failures: 1, ageMs: 70, delayMs: 60_000 }));
    journal.leave(keptEvent(2, { ageMs: 80, report: REPORT }));
    journal.close();
    expect(reopened()).toEqual([
      keptEvent(1, { failures: 1, ageMs: 70, delayMs: 60_000 }),
      keptEvent(2, { ageMs: 80, report: REPORT }),
    ]);
  });

  test("takes 64 MiB of records that wait, beside as many of events, and more when one has ended", () => {
    const journal = new EventJournal(path);
    const { conclusion } = REPORT;
    const answer = { payload: "x".repeat(8_000_000), version: "1", isFunctionError: false };
    const large = { ...REPORT, conclusion: { ...conclusion, answer } };
    for (let id = 1; id <= 9; id += 1) journal.accept(keptEvent(id));
    const before = journal.keptBytes;
    // Eight answers of 8,000,000 bytes fit into 67,108,864.
    const taken = Array.from({ length: 9 }, (_, index) => journal.conclude(index + 1, large));
    expect(taken).toEqual([...Array.from({ length: 8 }).fill(true), false]);
    expect(journal.keptBytes).toBe(before);
    journal.end(1);
    expect(journal.conclude(9, large)).toBe(true);
    journal.close();
  });

  test("forgets a line that a kill has cut", () => {
    new EventJournal(path).accept(keptEvent(1));
    appendFileSync(path, '{"kind":"kept","kept":{"id":2,');
    expect(reopened()).toEqual([keptEvent(1)]);
  });

  test.each([
    ["not JSON", "{", /JSON/],
    ["another kind", '{"kind":"lost"}', /line.kind must be one of kept, failed/],
    ["an event that is not there", '{"kind":"ended","id":7}', /event 7, of which no earlier line/],
    ["a member of another type", '{"kind":"ended","id":"7"}', /line.id must be a number/],
    ["a member that is missing", '{"kind":"kept","kept":{"id":1}}', /event must be an object/],
  ])("refuses a file with %s, and leaves it as it is", (_title, line, reason) => {
    new EventJournal(path).accept(keptEvent(1));
    appendFileSync(path, `${line}\n`);
    const before = readFileSync(path, "utf8");
    expect(() => new EventJournal(path)).toThrow(
      expect.objectContaining({
        code: "ERR_STATE_BROKEN",
        message: expect.stringMatching(reason),
      }),
    );
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  test("tells when most of its file is about events that have ended, and shrinks", () => {
    const journal = new EventJournal(path);
    const { event } = keptEvent(0);
    const large = { ...event, payload: Buffer.from(`"${"x".repeat(1_000_000)}"`) };
    journal.accept(keptEvent(1));
    for (let id = 2; id <= 6; id += 1) {
      expect(journal.isWorthRewriting).toBe(false);
      journal.accept(keptEvent(id, { event: large }));
      journal.end(id);
    }
    // Five events of 1 MB have ended: more than 4 MiB.
    expect(journal.isWorthRewriting).toBe(true);
    journal.rewrite([keptEvent(1)]);
    expect(statSync(path).size).toBeLessThan(1_000);
    expect(journal.isWorthRewriting).toBe(false);
    journal.end(1);
    expect(journal.keptBytes).toBe(0);
    expect(reopened()).toEqual([]);
  });

  test("for every payload, text or not, a line gives the event back", () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.option(fc.string(), { nil: undefined }),
        (bytes, qualifier) => {
          const { event } = keptEvent(1);
          const reference = { name: "fn", qualifier };
          const kept = keptEvent(1, {
            event: { ...event, reference, payload: Buffer.from(bytes) },
          });
          const line = { kind: "kept", kept } as const;
          expect(readLine(JSON.parse(JSON.stringify(writtenLine(line))))).toEqual(line);
        },
      ),
    );
  });
});

describe("an empty file", () => {
  test("holds no event", () => {
    new EventJournal(path).close();
    writeFileSync(path, "");
    expect(reopened()).toEqual([]);
  });
});
