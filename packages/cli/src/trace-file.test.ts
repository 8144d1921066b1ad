import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TraceEvent } from "@pilotlight/emulator";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TraceFile } from "./trace-file.ts";

const place = { folder: "" };
const path = () => join(place.folder, "traces", "run.jsonl");
const event = (atEpochMs: number): TraceEvent => ({
  event: "throttled",
  atEpochMs,
  function: "f",
  version: "1",
  reason: "ConcurrentInvocationLimitExceeded",
});

beforeEach(() => {
  place.folder = mkdtempSync(join(tmpdir(), "pilotlight-trace-"));
});

afterEach(() => {
  rmSync(place.folder, { recursive: true });
});

/** A trace file whose errors fail the test. */
function opened(): TraceFile {
  return new TraceFile(path(), (error) => {
    throw error;
  });
}

const linesOf = () =>
  readFileSync(path(), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("a trace file", () => {
  test("has every event on a line of its own, in their order", () => {
    const file = opened();
    const events = Array.from({ length: 5_000 }, (_, index) => event(index));
    for (const one of events) file.add(one);
    file.close();
    expect(linesOf()).toEqual(events);
  });

  test("gets an event without being closed", async () => {
    const file = opened();
    file.add(event(1));
    await expect.poll(linesOf).toEqual([event(1)]);
    file.close();
  });

  test("keeps what an earlier run has written, and takes nothing after its end", () => {
    for (const at of [1, 2]) {
      const file = opened();
      file.add(event(at));
      file.close();
      file.add(event(3));
      file.close();
    }
    expect(linesOf()).toEqual([event(1), event(2)]);
  });

  test("is refused by name where it cannot be written", () => {
    expect(() => new TraceFile(place.folder, () => undefined)).toThrow(
      /PILOTLIGHT_TRACE: got ".*", which cannot be written: .*; accepted: the path of a file/,
    );
  });
});
