import { seededRandom, VirtualClock } from "@pilotlight/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";

import { ScriptedEnvironment, settle } from "../testing/scripted-environment.ts";
import { Concurrency } from "./concurrency/concurrency.ts";
import { publishedVersion } from "./concurrency/testing/scripted-concurrency.ts";

type Schedule = (task: () => void, label: string) => void;

/** An environment whose steps come in an order that the scheduler chooses. */
class RacingEnvironment extends ScriptedEnvironment {
  readonly #schedule: Schedule;

  constructor(schedule: Schedule, ...rest: ConstructorParameters<typeof ScriptedEnvironment>) {
    super(...rest);
    this.#schedule = schedule;
  }

  /** Its init phase ends, well or badly. */
  initialiseLater(isSuccess: boolean): void {
    this.#schedule(() => {
      if (this.phase !== "initialising") return;
      this.initDurationMs = isSuccess ? 1 : undefined;
      this.free();
    }, `${this.id} is initialised`);
  }

  override invoke(...[invocation]: Parameters<ScriptedEnvironment["invoke"]>) {
    const outcome = super.invoke(invocation);
    this.#schedule(() => {
      if (this.phase !== "invoking") return;
      this.answer();
      this.#schedule(() => {
        if (this.phase === "answered") this.free();
      }, `${this.id} is free`);
    }, `${this.id} answers`);
    return outcome;
  }
}

const LIMIT = 6;
const target = { functionName: "echo", qualifier: "1" };

test("for every interleaving, each request ends once, limits hold and provisioned environments come back", async () => {
  const scenario = fc.record({
    requests: fc.integer({ min: 1, max: 12 }),
    provisioned: fc.integer({ min: 1, max: 3 }),
    later: fc.integer({ min: 1, max: 3 }),
    crashes: fc.nat({ max: 3 }),
    failures: fc.nat({ max: 3 }),
    seed: fc.integer(),
  });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scenario, async (scheduler, given) => {
      const clock = new VirtualClock();
      const random = seededRandom(given.seed);
      const version = publishedVersion();
      const environments: RacingEnvironment[] = [];
      const schedule: Schedule = (task, label) => {
        void scheduler.schedule(Promise.resolve(), label).then(task);
      };
      let failures = given.failures;
      const concurrency = new Concurrency({
        clock,
        random,
        concurrencyMax: LIMIT,
        preparation: { kind: "fixed", ms: 0 },
        startEnvironment: (of, listener, startedBy) => {
          const environment = new RacingEnvironment(schedule, of, listener);
          environments.push(environment);
          if (startedBy === "provisioned") environment.initialiseLater((failures -= 1) < 0);
          return environment;
        },
        onLog: () => undefined,
      });
      const { pool, provisioner, ledger } = concurrency;
      provisioner.put(target, version, given.provisioned);
      clock.advanceMs(10);

      const results: unknown[] = [];
      for (let request = 0; request < given.requests; request += 1) {
        schedule(() => {
          const invocation = {
            requestId: `request-${request}`,
            invokedArn: version.functionArn,
            payload: Buffer.from("{}"),
          };
          void pool.invoke(version, invocation).then((result) => results.push(result));
        }, `request ${request}`);
      }
      for (let crash = 0; crash < given.crashes; crash += 1) {
        schedule(() => {
          const idle = environments.filter(({ phase }) => phase === "idle");
          idle[Math.floor(random.next() * idle.length)]?.crash("killed");
        }, `crash ${crash}`);
      }
      schedule(() => {
        provisioner.put(target, version, given.later);
        clock.advanceMs(10);
      }, "another number");

      let isOver = false;
      const above: number[] = [];
      while (!isOver) {
        if (scheduler.count() > 0) await scheduler.waitOne();
        await settle();
        const running = environments.filter(({ phase }) => phase === "invoking").length;
        if (running > LIMIT || ledger.inUse > LIMIT) above.push(running);
        if (scheduler.count() > 0) continue;
        // Waiting for an environment that is busy for too long is over, and what is due is done.
        clock.advanceMs(2_000);
        await settle();
        isOver = scheduler.count() === 0;
      }

      const run = environments.flatMap(({ invocations }) =>
        invocations.map(({ requestId }) => requestId),
      );
      const throttled = results.filter((result) => typeof result === "string").length;
      expect(above).toEqual([]);
      expect(results).toHaveLength(given.requests);
      expect(run.length + throttled).toBe(given.requests);
      expect(new Set(run).size).toBe(run.length);
      expect(ledger.inUse).toBe(0);
      const configuration = provisioner.find(target)?.configuration;
      expect([configuration?.phase, configuration?.available]).toEqual(["ready", given.later]);
    }),
    { numRuns: 200 },
  );
});
