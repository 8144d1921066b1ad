import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { EnvironmentRace, type RaceScript } from "./testing/environment-race.ts";
import type { ExtensionScript } from "./testing/scripted-extension.ts";
import type { RuntimeScript } from "./testing/scripted-runtime.ts";

vi.setConfig({ testTimeout: 30_000 });

const runtime: fc.Arbitrary<RuntimeScript> = fc.record({
  init: fc.constantFrom("ready", "ready", "exit", "init_error", "init_error_and_exit", "hang"),
  event: fc.constantFrom("answer", "error", "answer_and_exit", "exit", "answer_only", "hang"),
  workMs: fc.constantFrom(0, 0, 900, 1_000),
  isDoomed: fc.boolean(),
  way: fc.constantFrom("channel", "http"),
});

const extension: fc.Arbitrary<ExtensionScript> = fc.record({
  events: fc.subarray(["INVOKE", "SHUTDOWN"] as const),
  init: fc.constantFrom("ready", "ready", "exit", "exit_registered", "init_error_and_exit", "hang"),
  event: fc.constantFrom("next", "next", "exit", "exit_error_and_exit", "hang"),
  isDoomed: fc.boolean(),
});

const script: fc.Arbitrary<RaceScript> = fc.record({
  runtimes: fc.array(runtime, { maxLength: 3 }),
  extensions: fc.array(extension, { maxLength: 2 }),
  requests: fc.nat({ max: 4 }),
  stops: fc.array(fc.constantFrom(undefined, 0, 100), { maxLength: 2 }),
  advancesMs: fc.array(fc.constantFrom(100, 900, 900, 3_000, 10_000), { maxLength: 5 }),
  isConnectionKept: fc.boolean(),
});

const rejections: unknown[] = [];
const keep = (reason: unknown) => rejections.push(reason instanceof Error ? reason.stack : reason);

beforeEach(() => {
  process.on("unhandledRejection", keep);
});

afterEach(() => {
  process.off("unhandledRejection", keep);
});

async function expectContractKept(race: EnvironmentRace): Promise<void> {
  rejections.length = 0;
  race.lineUp();
  await race.settle();
  const { environment, outcomes, losses, stops } = race;
  expect(race.faults.join("\n")).toBe("");
  // Nothing is under way, and an environment that has ended has told so.
  expect(environment.phase).toBe(stops.length === 0 ? "idle" : "stopped");
  expect(outcomes.size).toBe(race.sentCount);
  expect(race.tails.size).toBe(race.sentCount);
  // Each lost process fails one invocation at most, and only one that was lost while idle ends its environment.
  const errors = [...outcomes.values()].filter(({ payload }) =>
    /Runtime exited|Extension\./.test(Buffer.from(payload).toString()),
  );
  const killedByStop = stops[0] === "asked to" ? 1 : 0;
  expect(errors.length).toBeLessThanOrEqual(losses.length + killedByStop);
  const isLostIdle = stops.some((cause) => cause.includes("while idle"));
  expect(isLostIdle && !losses.includes("idle")).toBe(false);
  await race.end();
  expect(race.faults.join("\n")).toBe("");
  expect(stops).toHaveLength(1);
  expect(environment.phase).toBe("stopped");
  expect(race.folderCount).toBe(0);
  expect(rejections.map(String).join("\n")).toBe("");
}

const CALM: RaceScript = {
  runtimes: [],
  extensions: [],
  requests: 2,
  stops: [],
  advancesMs: [],
  isConnectionKept: false,
};
const WELL: RuntimeScript = {
  init: "ready",
  event: "answer",
  workMs: 0,
  isDoomed: false,
  way: "http",
};
const WATCHER: ExtensionScript = {
  events: ["INVOKE", "SHUTDOWN"],
  init: "ready",
  event: "next",
  isDoomed: false,
};

/** Each is a pair of events that meet, with as little beside them as there can be, and how many orders are tried. */
const MEETINGS: readonly (readonly [string, number, Partial<RaceScript>])[] = [
  ["a timeout and an answer", 100, { runtimes: [{ ...WELL, workMs: 900 }], advancesMs: [100] }],
  [
    "a timeout and the end of the process",
    // In one order of some two hundred, the loss is settled when the environment is idle again.
    400,
    { runtimes: [{ ...WELL, workMs: 900, event: "exit" }], advancesMs: [100] },
  ],
  ["a crash and the call of next", 100, { runtimes: [{ ...WELL, isDoomed: true }] }],
  [
    "a crash and an answer",
    100,
    { runtimes: [{ ...WELL, event: "answer_and_exit", way: "channel" }] },
  ],
  ["a stop and any phase", 100, { runtimes: [WELL, WELL], stops: [undefined, 0] }],
  [
    "the init limit and an init error",
    100,
    { runtimes: [{ ...WELL, init: "init_error_and_exit" }], advancesMs: [10_000] },
  ],
  [
    "the crash of an extension and an answer",
    100,
    { runtimes: [WELL], extensions: [{ ...WATCHER, event: "exit" }] },
  ],
  [
    "the losses of two processes at once",
    100,
    { runtimes: [{ ...WELL, isDoomed: true }], extensions: [{ ...WATCHER, isDoomed: true }] },
  ],
];

test.each(MEETINGS)("for every order of %s, an environment keeps its contract", async (...one) => {
  const [, numRuns, given] = one;
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      await expectContractKept(new EnvironmentRace(scheduler, { ...CALM, ...given }));
    }),
    { numRuns },
  );
});

test("for every interleaving of processes, requests, stops and time, an environment keeps its contract", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), script, async (scheduler, given) => {
      await expectContractKept(new EnvironmentRace(scheduler, given));
    }),
    { numRuns: 400 },
  );
});
