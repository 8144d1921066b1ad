import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { DeliveryResult } from "../../delivery.ts";
import { settle } from "../../testing/scripted-environment.ts";
import type { EventAttempt } from "./event.ts";
import { eventOf, QueueWorld } from "./testing/queue-world.ts";

/** Seven records: one has an answer of 906 bytes as it is written, and 512 more. */
const ROOM_BYTES = 10_000;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pilotlight-records-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

function answering(characters: number): () => Promise<EventAttempt> {
  const payload = Buffer.from(`"${"x".repeat(characters)}"`);
  return () => Promise.resolve({ kind: "succeeded", answer: { payload, version: "1" } });
}

const refused: DeliveryResult = { kind: "refused", reason: "no such queue" };

function journalFile() {
  return statSync(join(directory, "events.jsonl"));
}

describe("EventQueue, with records that wait", () => {
  test("drops a record at once that no destination takes, and does not write the answer", async () => {
    const world = new QueueWorld(directory, [], {
      reported: ["Success"],
      run: answering(1_048_576),
    });
    world.queue.accept(eventOf("a"));
    await settle();
    expect(world.queue.pending).toBe(0);
    expect(world.told).toEqual([
      expect.stringMatching(/event a of .* was dropped: .* let the function answer less/),
    ]);
    expect(journalFile().size).toBeLessThan(2_000);
  });

  test("keeps what has room, drops what is refused beyond, and delivers what is taken", async () => {
    let isOpen = false;
    const world = new QueueWorld(directory, [], {
      reported: ["Success"],
      run: answering(900),
      reportBytesMax: ROOM_BYTES,
      deliver: () => Promise.resolve(isOpen ? { kind: "delivered" } : refused),
    });
    for (let index = 0; index < 20; index += 1) {
      expect(world.queue.accept(eventOf(`event-${index}`))).toBe(true);
      await settle();
    }
    const dropped = world.told.filter((line) => line.includes("was dropped"));
    expect([world.queue.pending, dropped.length]).toEqual([7, 13]);
    expect(dropped[0]).toMatch(/refused by .*no such queue; the records that wait .* all the room/);

    isOpen = true;
    world.queue.accept(eventOf("beyond"));
    await settle();
    expect(world.records.map(({ requestId }) => requestId)).toEqual(["beyond"]);
    await world.passAll();
    expect([world.records.length, world.queue.pending]).toEqual([8, 0]);
  });

  test("writes no answer again when it is closed, and sends each after the start", async () => {
    let isOpen = false;
    const world = new QueueWorld(directory, [], {
      reported: ["Success"],
      run: answering(100_000),
      deliver: () => Promise.resolve(isOpen ? { kind: "delivered" } : refused),
    });
    for (let index = 0; index < 8; index += 1) world.queue.accept(eventOf(`event-${index}`));
    await settle();
    const before = journalFile();
    world.queue.stop();
    expect(world.queue.close()).toBe(8);
    expect(journalFile().ino).toBe(before.ino);
    expect(journalFile().size - before.size).toBeLessThan(8 * 300);
    isOpen = true;
    world.kill();
    await settle();
    expect([world.records.length, world.queue.pending]).toEqual([8, 0]);
  });

  test("drops a record without room whose function ends after the stop", async () => {
    const ends: (() => void)[] = [];
    const run = answering(900);
    const world = new QueueWorld(directory, [], {
      reported: ["Success"],
      reportBytesMax: ROOM_BYTES,
      run: async (event) => {
        if (event.requestId === "late") await new Promise<void>((resolve) => ends.push(resolve));
        return run();
      },
      deliver: () => Promise.resolve(refused),
    });
    world.queue.accept(eventOf("late"));
    for (let index = 0; index < 7; index += 1) world.queue.accept(eventOf(`event-${index}`));
    await settle();
    world.queue.stop();
    for (const end of ends) end();
    await settle();
    expect(world.told.at(-1)).toMatch(/event late of .* was dropped: the emulator stops, and/);
    expect(world.queue.close()).toBe(7);
  });
});
