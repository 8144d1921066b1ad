import { describe, expect, test } from "vitest";

import { settle } from "../../testing/scripted-environment.ts";
import { EventLanes } from "./event-lanes.ts";

describe("EventLanes", () => {
  test("starts what waits when one ends, and nothing more once it has stopped", async () => {
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const lanes = new EventLanes<number>((item) => {
      started.push(item);
      return new Promise((resolve) => ends.push(resolve));
    });
    for (let item = 0; item < 10; item += 1) lanes.add("fn", item);
    ends[3]?.();
    await settle();
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    lanes.stop();
    ends[4]?.();
    lanes.add("other", 10);
    await settle();
    expect(started).toHaveLength(9);
  });
});
