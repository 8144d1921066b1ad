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

const scenario = fc.record({
  requests: fc.integer({ min: 1, max: 12 }),
  provisioned: fc.integer({ min: 1, max: 3 }),
  later: fc.integer({ min: 1, max: 3 }),
  crashes: fc.nat({ max: 3 }),
  failures: fc.nat({ max: 3 }),
  seed: fc.integer(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

/** Requests, crashes and reallocations on their way through one pool. */
class Race {
  readonly version = publishedVersion();
  readonly environments: RacingEnvironment[] = [];
  readonly results: unknown[] = [];
  readonly concurrency: Concurrency;
  /** How many ran at once, wherever that was more than may. */
  readonly above: number[] = [];
  readonly #clock = new VirtualClock();
  readonly #scheduler: fc.Scheduler;
  readonly #given: Scenario;

  constructor(scheduler: fc.Scheduler, given: Scenario) {
    this.#scheduler = scheduler;
    this.#given = given;
    let failures = given.failures;
    this.concurrency = new Concurrency({
      clock: this.#clock,
      random: seededRandom(given.seed),
      concurrencyMax: LIMIT,
      preparation: { kind: "fixed", ms: 0 },
      startEnvironment: (of, listener, startedBy) => {
        const environment = new RacingEnvironment(this.#schedule, of, listener);
        this.environments.push(environment);
        if (startedBy === "provisioned") environment.initialiseLater((failures -= 1) < 0);
        return environment;
      },
      onLog: () => undefined,
    });
  }

  /** Ids of all requests that reached an environment. */
  get run(): string[] {
    return this.environments.flatMap(({ invocations }) =>
      invocations.map(({ requestId }) => requestId),
    );
  }

  /** Lines up all that is to happen, in the order that the scheduler chooses. */
  lineUp(): void {
    const { requests, provisioned, later, crashes, seed } = this.#given;
    const random = seededRandom(seed + 1);
    this.#provision(provisioned);
    for (let request = 0; request < requests; request += 1) {
      this.#schedule(() => this.#request(`request-${request}`), `request ${request}`);
    }
    for (let crash = 0; crash < crashes; crash += 1) {
      this.#schedule(() => {
        const idle = this.environments.filter(({ phase }) => phase === "idle");
        idle[Math.floor(random.next() * idle.length)]?.crash("killed");
      }, `crash ${crash}`);
    }
    this.#schedule(() => this.#provision(later), "another number");
  }

  /** Lets everything happen. */
  async finish(): Promise<void> {
    let isOver = false;
    while (!isOver) {
      if (this.#scheduler.count() > 0) await this.#scheduler.waitOne();
      await settle();
      const running = this.environments.filter(({ phase }) => phase === "invoking").length;
      if (running > LIMIT || this.concurrency.ledger.inUse > LIMIT) this.above.push(running);
      if (this.#scheduler.count() > 0) continue;
      // Waiting for an environment that is busy for too long is over, and what is due is done.
      this.#clock.advanceMs(2_000);
      await settle();
      isOver = this.#scheduler.count() === 0;
    }
  }

  readonly #schedule: Schedule = (task, label) => {
    void this.#scheduler.schedule(Promise.resolve(), label).then(task);
  };

  #request(requestId: string): void {
    const { version } = this;
    const invocation = { requestId, invokedArn: version.functionArn, payload: Buffer.from("{}") };
    void this.concurrency.pool.invoke(version, invocation).then((result) => {
      this.results.push(result);
    });
  }

  #provision(count: number): void {
    this.concurrency.provisioner.put(target, this.version, count);
    this.#clock.advanceMs(10);
  }
}

test("for every interleaving, each request ends once, limits hold and provisioned environments come back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scenario, async (scheduler, given) => {
      const race = new Race(scheduler, given);
      race.lineUp();
      await race.finish();
      const { above, results, run } = race;
      const { ledger, provisioner } = race.concurrency;
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
