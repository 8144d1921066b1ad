import { describe, expect, test } from "vitest";

import { type MemberSignal, type MemberStatus, nextMemberStatus } from "./membership.ts";

const STATUSES: MemberStatus[] = ["starting", "held", "busy", "leaving", "idle", "ended"];
const SIGNALS: MemberSignal[] = ["initialised", "admitted", "taken", "answered", "freed", "ended"];

describe("nextMemberStatus", () => {
  test("moves on with the signals that a status takes and stays with every other one", () => {
    const table = STATUSES.map((status) =>
      SIGNALS.map((signal) => nextMemberStatus(status, signal)),
    );
    expect(table).toEqual([
      ["held", "starting", "starting", "starting", "starting", "ended"],
      ["held", "idle", "held", "held", "held", "ended"],
      ["busy", "busy", "busy", "leaving", "idle", "ended"],
      ["leaving", "leaving", "leaving", "leaving", "idle", "ended"],
      ["idle", "idle", "busy", "idle", "idle", "ended"],
      ["ended", "ended", "ended", "ended", "ended", "ended"],
    ]);
  });
});
