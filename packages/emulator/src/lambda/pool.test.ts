import { seededRandom, VirtualClock } from "@pilotlight/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { FunctionVersion } from "../environment/contract.ts";
import { ScriptedEnvironment, scriptedVersion, settle } from "../testing/scripted-environment.ts";
import type { DurationLaw } from "./concurrency/duration-law.ts";
import { ConcurrencyLedger } from "./concurrency/ledger.ts";
import { ConcurrencyMetrics } from "./concurrency/metrics.ts";
import { EnvironmentPool } from "./pool.ts";

const THROTTLED = "ConcurrentInvocationLimitExceeded";

function makePool({
  concurrencyMax = 10,
  keepAliveMs = 300_000,
  lifetimeMs = 36_000_000,
  keepAlive = { kind: "fixed", ms: keepAliveMs },
}: {
  concurrencyMax?: number;
  keepAliveMs?: number;
  lifetimeMs?: number;
  keepAlive?: DurationLaw;
} = {}) {
  const clock = new VirtualClock();
  const ledger = new ConcurrencyLedger({ concurrencyMax, requestsPerSecondMax: 1_000_000 });
  const environments: ScriptedEnvironment[] = [];
  const pool = new EnvironmentPool({
    startEnvironment: (version, listener) => {
      const environment = new ScriptedEnvironment(version, listener);
      environments.push(environment);
      return environment;
    },
    clock,
    timers: clock,
    random: seededRandom(1),
    ledger,
    metrics: new ConcurrencyMetrics({ clock, ledger }),
    keepAlive,
    lifetime: { kind: "fixed", ms: lifetimeMs },
    onLog: () => undefined,
  });
  let sent = 0;
  const invoke = (version: FunctionVersion) =>
    pool.invoke(version, {
      requestId: `request-${(sent += 1)}`,
      invokedArn: version.functionArn,
      payload: Buffer.from("{}"),
    });
  return { pool, ledger, clock, environments, invoke };
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no item ${index}`);
  return item;
}

describe("EnvironmentPool", () => {
  test("runs requests that come together in environments of their own", () => {
    const { environments, invoke } = makePool();
    const version = scriptedVersion();
    void invoke(version);
    void invoke(version);
    expect(environments.map(({ invocationCount }) => invocationCount)).toEqual([1, 1]);
  });

  test("reuses the environment that was used last", async () => {
    const { environments, invoke } = makePool();
    const version = scriptedVersion();
    void invoke(version);
    void invoke(version);
    for (const environment of environments) environment.answer();
    await settle();
    at(environments, 1).free();
    at(environments, 0).free();

    void invoke(version);
    expect(environments.map(({ invocationCount }) => invocationCount)).toEqual([2, 1]);
  });

  test("answers before the environment is free, and lets the next request wait for it", async () => {
    const { environments, invoke } = makePool();
    const version = scriptedVersion();
    const first = invoke(version);
    at(environments, 0).answer('"one"');
    expect(await first).toMatchObject({ isFunctionError: false });

    const second = invoke(version);
    expect(environments).toHaveLength(1);
    at(environments, 0).free();
    at(environments, 0).answer('"two"');
    const outcome = await second;
    expect(environments).toHaveLength(1);
    expect(typeof outcome === "string" ? outcome : Buffer.from(outcome.payload).toString()).toBe(
      '"two"',
    );
  });

  test("starts a new environment for a request whose environment does not get free in time", async () => {
    const { environments, invoke, clock } = makePool();
    const version = scriptedVersion();
    void invoke(version);
    at(environments, 0).answer();
    await settle();
    void invoke(version);
    expect(environments).toHaveLength(1);
    clock.advanceMs(1_000);
    expect(environments).toHaveLength(2);
    at(environments, 0).free();
    expect(environments.map(({ invocationCount }) => invocationCount)).toEqual([1, 1]);
  });

  test("starts a new environment for a request whose environment ends instead", async () => {
    const { environments, invoke } = makePool();
    const version = scriptedVersion();
    void invoke(version);
    at(environments, 0).answer();
    await settle();
    void invoke(version);
    at(environments, 0).crash("killed");
    expect(at(environments, 1).invocationCount).toBe(1);
  });

  test("does not give a request to an idle environment that has just died", async () => {
    const { environments, invoke } = makePool();
    const version = scriptedVersion();
    void invoke(version);
    at(environments, 0).answer();
    await settle();
    at(environments, 0).free();
    at(environments, 0).phase = "stopped";
    void invoke(version);
    expect(environments.map(({ invocationCount }) => invocationCount)).toEqual([1, 1]);
  });

  test("throttles above the account's limit, over all functions", async () => {
    const { environments, invoke } = makePool({ concurrencyMax: 2 });
    const [one, two] = [scriptedVersion("one"), scriptedVersion("two")];
    void invoke(one);
    void invoke(two);
    expect(await invoke(one)).toBe(THROTTLED);
    at(environments, 0).answer();
    await settle();
    void invoke(one);
    at(environments, 0).free();
    expect(at(environments, 0).invocationCount).toBe(2);
  });

  test("makes room for another function by ending the environment idle longest", async () => {
    const { environments, invoke, clock } = makePool({ concurrencyMax: 2 });
    for (const name of ["one", "two"]) {
      void invoke(scriptedVersion(name));
      const environment = at(environments, environments.length - 1);
      environment.answer();
      await settle();
      environment.free();
      clock.advanceMs(10);
    }
    void invoke(scriptedVersion("three"));
    expect(environments.map(({ stopCause }) => stopCause)).toEqual([
      "evicted",
      undefined,
      undefined,
    ]);
  });

  test("ends an environment exactly when its keep-alive is over", async () => {
    const { environments, invoke, clock, pool } = makePool({ keepAliveMs: 1_000 });
    const version = scriptedVersion();
    void invoke(version);
    at(environments, 0).answer();
    await settle();
    at(environments, 0).free();
    clock.advanceMs(999);
    expect(at(environments, 0).stopCause).toBeUndefined();
    clock.advanceMs(1);
    expect(at(environments, 0).stopCause).toBe("idle");
    expect(pool.list()).toMatchObject([{ phase: "stopped", endedCause: "idle" }]);
  });

  test("measures the keep-alive from the last use", async () => {
    const { environments, invoke, clock } = makePool({ keepAliveMs: 1_000 });
    const version = scriptedVersion();
    for (let round = 0; round < 3; round += 1) {
      void invoke(version);
      at(environments, 0).answer();
      await settle();
      at(environments, 0).free();
      clock.advanceMs(900);
    }
    expect(environments.map(({ stopCause }) => stopCause)).toEqual([undefined]);
    clock.advanceMs(100);
    expect(at(environments, 0).stopCause).toBe("idle");
  });

  test("keeps each environment for its own draw", async () => {
    const { environments, invoke, clock } = makePool({
      keepAlive: { kind: "uniform", minMs: 1_000, maxMs: 2_000 },
    });
    const version = scriptedVersion();
    for (let count = 0; count < 8; count += 1) void invoke(version);
    for (const environment of environments) environment.answer();
    await settle();
    for (const environment of environments) environment.free();
    const ended = () => environments.filter(({ stopCause }) => stopCause === "idle").length;
    clock.advanceMs(999);
    expect(ended()).toBe(0);
    clock.advanceMs(501);
    expect(ended()).toBeGreaterThan(0);
    expect(ended()).toBeLessThan(8);
    clock.advanceMs(500);
    expect(ended()).toBe(8);
  });

  test("recycles a busy environment when it is free, though requests wait for it", async () => {
    const { environments, invoke, clock } = makePool({ lifetimeMs: 10_000 });
    const version = scriptedVersion();
    void invoke(version);
    clock.advanceMs(10_000);
    expect(at(environments, 0).stopCause).toBeUndefined();
    at(environments, 0).answer();
    await settle();
    void invoke(version);
    expect(environments).toHaveLength(1);
    at(environments, 0).free();
    expect(environments.map(({ stopCause }) => stopCause)).toEqual(["recycled", undefined]);
    expect(at(environments, 1).invocationCount).toBe(1);
  });

  test("recycles an idle environment that is used often enough to be kept", async () => {
    const { environments, invoke, clock } = makePool({ keepAliveMs: 5_000, lifetimeMs: 10_000 });
    const version = scriptedVersion();
    for (let round = 0; round < 3; round += 1) {
      void invoke(version);
      at(environments, 0).answer();
      await settle();
      at(environments, 0).free();
      clock.advanceMs(3_000);
    }
    clock.advanceMs(1_000);
    expect(at(environments, 0).stopCause).toBe("recycled");
  });

  test("throttles a function that grows faster than AWS lets it", async () => {
    const { environments, invoke } = makePool({ concurrencyMax: 2_000 });
    const version = scriptedVersion();
    for (let count = 0; count < 1_000; count += 1) void invoke(version);
    expect(await invoke(version)).toBe(THROTTLED);
    expect(environments).toHaveLength(1_000);
    at(environments, 0).answer();
    await settle();
    at(environments, 0).free();
    void invoke(version);
    expect(at(environments, 0).invocationCount).toBe(2);
  });

  test("lets a replaced version finish what runs and ends the rest at once", async () => {
    const { environments, invoke, pool } = makePool();
    const version = scriptedVersion();
    void invoke(version);
    const running = invoke(version);
    at(environments, 0).answer();
    await settle();
    at(environments, 0).free();

    let isDrained = false;
    void pool.retire(version).then(() => (isDrained = true));
    expect(environments.map(({ stopCause }) => stopCause)).toEqual(["replaced", undefined]);
    await settle();
    expect(isDrained).toBe(false);

    at(environments, 1).answer('"old"');
    expect(await running).toMatchObject({ isFunctionError: false });
    at(environments, 1).free();
    await settle();
    expect(at(environments, 1).stopCause).toBe("replaced");
    expect(isDrained).toBe(true);
  });

  test("ends everything when it stops, and refuses what waits and what comes later", async () => {
    const { environments, invoke, pool } = makePool();
    const version = scriptedVersion();
    void invoke(version);
    at(environments, 0).answer();
    await settle();
    const waiting = invoke(version);
    await pool.stop();
    expect(await waiting).toBe("stopping");
    expect(await invoke(version)).toBe("stopping");
    expect(at(environments, 0).stopCause).toBe("emulator stopped");
    expect(pool.concurrency).toBe(0);
  });

  test("for every order of events, no request is lost, doubled, or run beside another", async () => {
    const step = fc.record({
      kind: fc.constantFrom("invoke", "invoke", "answer", "free", "crash", "time", "retire"),
      index: fc.nat({ max: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const concurrencyMax = 3;
        const { pool, clock, environments, invoke } = makePool({ concurrencyMax, keepAliveMs: 50 });
        const versions = [scriptedVersion("one"), scriptedVersion("two")];
        const results: (string | object | undefined)[] = [];
        const inPhase = (phase: string, index: number) => {
          const found = environments.filter((environment) => environment.phase === phase);
          return found[index % Math.max(1, found.length)];
        };
        for (const { kind, index } of steps) {
          const version = at(versions, index % 2);
          if (kind === "invoke") {
            const place = results.push(undefined) - 1;
            void invoke(version).then((result) => (results[place] = result));
          }
          if (kind === "answer") inPhase("invoking", index)?.answer();
          if (kind === "free") inPhase("answered", index)?.free();
          if (kind === "crash") {
            const environment = inPhase(index % 2 === 0 ? "answered" : "idle", index);
            environment?.crash("killed");
          }
          if (kind === "time") clock.advanceMs(index * 10);
          if (kind === "retire") void pool.retire(version);
          await settle();
          const running = environments.filter(({ phase }) => phase === "invoking").length;
          expect(running).toBeLessThanOrEqual(concurrencyMax);
          expect(pool.concurrency).toBeLessThanOrEqual(concurrencyMax);
        }
        // ScriptedEnvironment itself throws when it is given a request while it is not free.
        for (let round = 0; pool.concurrency > 0 && round < 100; round += 1) {
          for (const environment of environments) {
            if (environment.phase === "invoking") environment.answer();
          }
          await settle();
          for (const environment of environments) {
            if (environment.phase === "answered") environment.free();
          }
          await settle();
        }
        const throttled = results.filter((result) => result === THROTTLED).length;
        const run = environments.flatMap(({ invocations }) =>
          invocations.map(({ requestId }) => requestId),
        );
        expect(results).not.toContain(undefined);
        expect(run.length + throttled).toBe(results.length);
        expect(new Set(run).size).toBe(run.length);
        expect(pool.concurrency).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  test("for every order in which environments get free, the next request gets the last one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 1 }), async (order) => {
        const { environments, invoke } = makePool();
        const version = scriptedVersion();
        for (let count = 0; count < 5; count += 1) void invoke(version);
        for (const index of order) at(environments, index).answer();
        await settle();
        for (const index of order) at(environments, index).free();
        for (const index of order.toReversed()) {
          void invoke(version);
          expect(at(environments, index).invocationCount).toBe(2);
        }
      }),
      { numRuns: 50 },
    );
  });
});
