import { VirtualClock } from "@pilotlight/core/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Fault, FaultPoint } from "../faults/contract.ts";
import { ContainerService, replacementDelayMs } from "./container-service.ts";
import type { ContainerEvent } from "./contract.ts";
import { ScriptedHost } from "./testing/scripted-host.ts";

const BOOT_MS = 180_000;
const INTERVAL_MS = 5_000;

/** A container service in virtual time, without processes. */
class World {
  readonly clock = new VirtualClock();
  readonly host = new ScriptedHost();
  readonly events: ContainerEvent[] = [];
  /** Faults that are due, by place. */
  readonly due = new Map<FaultPoint, Fault[]>();
  readonly service = new ContainerService({
    definition: {
      name: "models",
      command: ["serve"],
      workingDirectory: "/",
      variables: {},
      healthCheck: { path: "/v2/health/ready", graceMs: 30_000 },
    },
    host: this.host,
    clock: this.clock,
    timers: this.clock,
    faults: { take: (point) => this.due.get(point)?.shift() },
    onEvent: (event) => this.events.push(event),
    onError: (error) => {
      throw error;
    },
  });

  get phases(): string[] {
    return this.service
      .list()
      .filter(({ phase }) => phase !== "stopped")
      .map(({ phase }) => phase);
  }

  get causes(): (string | undefined)[] {
    return this.service
      .list()
      .filter(({ phase }) => phase === "stopped")
      .map(({ cause }) => cause);
  }

  get delays(): number[] {
    return this.events.flatMap((event) => (event.kind === "replacement" ? [event.delayMs] : []));
  }

  /** Moves time on in steps, so that promises settle in between. */
  async pass(ms: number, stepMs = 1_000): Promise<void> {
    await settled();
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      this.clock.advanceMs(Math.min(stepMs, ms - passedMs));
      await settled();
    }
  }

  /** Starts tasks and waits until they are healthy. */
  async healthy(count: number): Promise<void> {
    this.service.setDesiredCount(count);
    await this.pass(BOOT_MS, BOOT_MS);
    await this.pass(1);
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe("ContainerService", () => {
  test("boots for minutes, starts the process, and sends requests when it is healthy", async () => {
    const world = new World();
    world.host.next = { isWell: false };
    world.service.setDesiredCount(1);
    expect(world.phases).toEqual(["pending"]);
    await world.pass(BOOT_MS - 1, BOOT_MS - 1);
    expect(world.host.processes).toEqual([]);
    await world.pass(1);
    expect(world.phases).toEqual(["running"]);
    expect(world.service.nextAddress()).toBeUndefined();
    const [process] = world.host.processes;
    if (process !== undefined) process.isWell = true;
    await world.pass(INTERVAL_MS);
    expect(world.phases).toEqual(["healthy"]);
    expect(world.service.addresses).toEqual([`http://127.0.0.1:${process?.port}`]);
  });

  test("gives the addresses of healthy tasks by turns", async () => {
    const world = new World();
    await world.healthy(3);
    const { addresses } = world.service;
    const turns = Array.from({ length: 6 }, () => world.service.nextAddress());
    expect(addresses).toHaveLength(3);
    expect(new Set(turns.slice(0, 3))).toEqual(new Set(addresses));
    expect(turns.slice(3)).toEqual(turns.slice(0, 3));
  });

  test("drains those first that are not healthy yet, and kills what does not end in 30 s", async () => {
    const world = new World();
    await world.healthy(1);
    const [first] = world.host.processes;
    if (first !== undefined) first.isObedient = false;
    world.service.setDesiredCount(2);
    world.service.setDesiredCount(1);
    await settled();
    expect([world.phases, world.causes]).toEqual([["healthy"], ["scale-in"]]);
    world.service.setDesiredCount(0);
    expect([world.phases, world.service.addresses]).toEqual([["draining"], []]);
    expect(first?.terminations).toBe(1);
    await world.pass(29_999, 29_999);
    expect(first?.isRunning).toBe(true);
    await world.pass(1);
    expect([first?.isRunning, world.phases]).toEqual([false, []]);
    expect(world.causes).toEqual(["scale-in", "scale-in"]);
    expect(world.delays).toEqual([]);
  });

  test("replaces a task that ends, later each time, and at once again after ten good minutes", async () => {
    const world = new World();
    for (const delayMs of [1_000, 2_000, 4_000]) {
      await world.healthy(1);
      world.host.running[0]?.exit("exited with status 1");
      expect(world.phases).toEqual([]);
      expect(world.delays.at(-1)).toBe(delayMs);
      await world.pass(delayMs);
      expect(world.phases).toEqual(["pending"]);
    }
    await world.healthy(1);
    await world.pass(600_000, 100_000);
    world.host.running[0]?.exit("exited with status 1");
    expect(world.delays.at(-1)).toBe(1_000);
  });

  test("replaces a task that fails its health checks", async () => {
    const world = new World();
    await world.healthy(1);
    const [process] = world.host.running;
    if (process !== undefined) process.isWell = false;
    await world.pass(INTERVAL_MS);
    expect(world.phases).toEqual(["healthy"]);
    await world.pass(INTERVAL_MS);
    expect(world.phases).toEqual([]);
    expect(world.causes).toEqual(["failed 2 health checks in a row"]);
    await world.pass(1_000);
    expect(world.phases).toEqual(["pending"]);
  });

  test("ends a task that does not become healthy in its grace time", async () => {
    const world = new World();
    world.host.next = { isWell: false };
    world.service.setDesiredCount(1);
    await world.pass(BOOT_MS, BOOT_MS);
    await world.pass(34_000);
    expect(world.phases).toEqual(["running"]);
    await world.pass(2_000);
    expect(world.phases).toEqual([]);
  });

  test("replaces a task that is killed at once", async () => {
    const world = new World();
    await world.healthy(1);
    const [task] = world.service.list();
    expect(world.service.kill(task?.id ?? "")).toBe(true);
    expect([world.phases, world.causes]).toEqual([["pending"], ["killed"]]);
    expect(world.service.kill("none")).toBe(false);
  });

  test("waits for capacity, starts again after a failed boot, and survives a flapping check", async () => {
    const world = new World();
    world.due.set("container-capacity", [{ kind: "no-gpu-capacity" }]);
    world.due.set("container-boot", [{ kind: "container-boot-failure" }]);
    world.service.setDesiredCount(1);
    expect(world.phases).toEqual(["provisioning"]);
    expect(world.events.at(-1)).toMatchObject({ kind: "no-capacity" });
    await world.pass(60_000, 60_000);
    expect(world.phases).toEqual(["pending"]);
    await world.pass(BOOT_MS, BOOT_MS);
    expect([world.phases, world.causes]).toEqual([[], ["the container could not be started"]]);
    await world.pass(1_000);
    await world.healthy(1);
    world.due.set("container-health", [{ kind: "health-flapping" }]);
    await world.pass(2 * INTERVAL_MS);
    expect([world.phases, world.due.get("container-health")]).toEqual([["healthy"], []]);
  });

  test("stops everything within a second, and starts nothing any more", async () => {
    const world = new World();
    await world.healthy(2);
    world.service.setDesiredCount(3);
    const [stubborn] = world.host.running;
    if (stubborn !== undefined) stubborn.isObedient = false;
    const stopping = world.service.stop();
    await world.pass(1_000);
    await stopping;
    world.service.setDesiredCount(1);
    await world.pass(BOOT_MS, BOOT_MS);
    expect([world.phases, world.host.running]).toEqual([[], []]);
  });

  test("for every history, serves from healthy tasks only and comes back to the desired count", async () => {
    const step = fc.oneof(
      fc.record({ desired: fc.nat(4) }),
      fc.record({ passMs: fc.constantFrom(1_000, 10_000, BOOT_MS) }),
      fc.record({ end: fc.nat(4) }),
      fc.record({ fail: fc.nat(4) }),
      fc.record({
        fault: fc.constantFrom<[FaultPoint, Fault]>(
          ["container-capacity", { kind: "no-gpu-capacity" }],
          ["container-boot", { kind: "container-boot-failure" }],
          ["container-health", { kind: "health-flapping" }],
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const world = new World();
        for (const one of steps) {
          if ("desired" in one) world.service.setDesiredCount(one.desired);
          if ("passMs" in one) await world.pass(one.passMs, 10_000);
          if ("end" in one) world.host.running[one.end]?.exit("exited with status 1");
          if ("fail" in one) Object.assign(world.host.running[one.fail] ?? {}, { isWell: false });
          if ("fault" in one) world.due.set(one.fault[0], [one.fault[1]]);
          await settled();
          const live = world.phases.filter((phase) => phase !== "draining");
          expect(live.length).toBeLessThanOrEqual(world.service.desiredCount);
          expect(world.service.addresses).toHaveLength(
            world.phases.filter((phase) => phase === "healthy").length,
          );
        }
        await world.pass(3_600_000, 60_000);
        expect(world.phases).toEqual(
          Array.from({ length: world.service.desiredCount }, () => "healthy"),
        );
        expect(world.host.running).toHaveLength(world.service.desiredCount);
        await Promise.all([world.service.stop(), world.pass(1_000)]);
        expect(world.host.running).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

describe("replacementDelayMs", () => {
  test("doubles with each failure up to 15 minutes", () => {
    expect([0, 1, 2, 3, 11, 40].map(replacementDelayMs)).toEqual([
      0, 1_000, 2_000, 4_000, 900_000, 900_000,
    ]);
  });
});
