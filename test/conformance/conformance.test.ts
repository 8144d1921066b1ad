import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { caseIds, hasCases, readCase } from "./case-file.ts";
import { CaseRun } from "./case-run.ts";
import { COVERED, EXCLUDED, NOT_YET_COVERED } from "./coverage.ts";
import { EmulatorUnderTest } from "./emulator-under-test.ts";

/** A case starts up to three processes and may send megabytes; two cores carry no more than this. */
const CASES_AT_ONCE = 4;

/** A case waits for the turn of those before it, too. */
const CASE_MS_MAX = 60_000;

vi.setConfig({ maxConcurrency: CASES_AT_ONCE, testTimeout: CASE_MS_MAX, hookTimeout: CASE_MS_MAX });

const covered = Object.keys(COVERED);
const waiting = Object.values(NOT_YET_COVERED).flat();
const excluded = Object.keys(EXCLUDED);

describe("the list of cases", () => {
  test("has no case twice", () => {
    const all = [...covered, ...waiting, ...excluded];
    expect(all.filter((id, index) => all.indexOf(id) !== index)).toEqual([]);
  });
});

describe.skipIf(!hasCases)("the folder of cases (needs the shared folder)", () => {
  test("has every case in the list, and the list has no other", () => {
    const ids = caseIds();
    console.log(countsText(ids.length));
    expect(ids.length).toBeGreaterThan(0);
    expect([...covered, ...waiting, ...excluded].toSorted()).toEqual(ids.toSorted());
  });
});

describe.skipIf(!hasCases)("Lambda, as recorded (needs the shared folder)", () => {
  const cases = covered.map((id) => ({
    id,
    evidence: hasCases ? readCase(id).evidence : "absent",
  }));
  const speeds = new Set(Object.values(COVERED).map(({ speed = 1 }) => speed));
  const emulators = new Map<number, EmulatorUnderTest>();

  beforeAll(async () => {
    for (const speed of speeds) emulators.set(speed, await EmulatorUnderTest.start(speed));
  });

  afterAll(async () => {
    await Promise.all([...emulators.values()].map((emulator) => emulator.stop()));
  });

  test.concurrent.for(cases)("$id ($evidence)", async ({ id }, context) => {
    const scenario = COVERED[id];
    const emulator = emulators.get(scenario?.speed ?? 1);
    if (emulator === undefined || scenario === undefined) throw new Error("the set-up has failed");
    const run = new CaseRun({ file: readCase(id), scenario, emulator, expect: context.expect });
    expect(await run.steps()).toEqual([]);
    await run.also();
  });
});

function countsText(total: number): string {
  const reasons = Object.entries(NOT_YET_COVERED).map(([reason, ids]) => {
    return `  ${ids.length} wait for ${reason}`;
  });
  return [
    `${total} conformance cases: ${covered.length} run, ${excluded.length} are excluded, ${waiting.length} are not yet covered:`,
    ...reasons,
  ].join("\n");
}
