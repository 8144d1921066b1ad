import { describe, expect, test } from "vitest";

import { type MemberSignal, type MemberStatus, nextMemberStatus } from "./membership.ts";

const STATUSES: MemberStatus[] = ["busy", "leaving", "idle", "ended"];
const SIGNALS: MemberSignal[] = ["taken", "answered", "freed", "ended"];

describe("nextMemberStatus", () => {
  test("moves on with the signals that a status takes and stays with every other one", () => {
    const table = STATUSES.map((status) =>
      SIGNALS.map((signal) => nextMemberStatus(status, signal)),
    );
    expect(table).toEqual([
      ["busy", "leaving", "idle", "ended"],
      ["leaving", "leaving", "idle", "ended"],
      ["busy", "idle", "idle", "ended"],
      ["ended", "ended", "ended", "ended"],
    ]);
  });
});
