import fc from "fast-check";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import { FunctionLog } from "./function-log.ts";

const TAIL_BYTES_MAX = 4096;

function makeLog(beforeClose: (log: FunctionLog) => void = () => undefined) {
  const lines: string[] = [];
  const log: FunctionLog = new FunctionLog(
    (line) => lines.push(line),
    () => beforeClose(log),
  );
  return { log, lines };
}

describe("FunctionLog", () => {
  test("gives an invocation the lines from its first to its last", async () => {
    const { log, lines } = makeLog();
    log.write("before");
    const invocation = log.open("START");
    log.write("between");
    invocation.close(["END", "REPORT"]);
    expect(Buffer.from(await invocation.tail).toString()).toBe("START\nbetween\nEND\nREPORT\n");
    expect(lines).toEqual(["before", "START", "between", "END", "REPORT"]);
  });

  test("gives nothing for an invocation without a line", async () => {
    const { log } = makeLog();
    const invocation = log.open();
    invocation.close([]);
    expect((await invocation.tail).length).toBe(0);
  });

  test("counts a line that arrives in the turn of the closing to the invocation", async () => {
    const { log } = makeLog();
    const invocation = log.open("START");
    invocation.close(["END"]);
    log.write("late");
    expect(Buffer.from(await invocation.tail).toString()).toBe("START\nlate\nEND\n");
  });

  test("keeps the next invocation apart that begins before the turn is over", async () => {
    const { log, lines } = makeLog();
    const first = log.open("START 1");
    first.close(["END 1"]);
    const second = log.open("START 2");
    await nextTurn();
    log.write("line of 2");
    second.close(["END 2"]);
    expect(Buffer.from(await first.tail).toString()).toBe("START 1\nEND 1\n");
    expect(Buffer.from(await second.tail).toString()).toBe("START 2\nline of 2\nEND 2\n");
    expect(lines).toEqual(["START 1", "END 1", "START 2", "line of 2", "END 2"]);
  });

  test("brings out half a line before it closes", async () => {
    const { log } = makeLog((self) => self.write("half a line"));
    const invocation = log.open("START");
    invocation.close(["END"]);
    expect(Buffer.from(await invocation.tail).toString()).toBe("START\nhalf a line\nEND\n");
  });

  test("for every log, the tail is the last 4096 bytes of it", async () => {
    const line = fc.string({ unit: "grapheme", maxLength: 3000 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const { log } = makeLog();
        const invocation = log.open("START");
        for (const text of lines) log.write(text);
        invocation.close(["END"]);
        const whole = Buffer.from(["START", ...lines, "END", ""].join("\n"));
        const tail = Buffer.from(await invocation.tail);
        expect(tail.equals(whole.subarray(-TAIL_BYTES_MAX))).toBe(true);
      }),
    );
  });
});
