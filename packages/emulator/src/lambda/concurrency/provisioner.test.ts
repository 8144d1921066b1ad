import { describe, expect, test } from "vitest";

import { settle, type ScriptedEnvironment } from "../../testing/scripted-environment.ts";
import { statusOf } from "./configuration-phase.ts";
import {
  initialise,
  publishedVersion,
  scriptedConcurrency,
} from "./testing/scripted-concurrency.ts";

const target = { functionName: "echo", qualifier: "1" };
const MINUTE_MS = 60_000;

function start(laws: Parameters<typeof scriptedConcurrency>[0] = {}) {
  const scripted = scriptedConcurrency(laws);
  const { provisioner } = scripted.concurrency;
  const version = publishedVersion();
  const state = (of = target) => {
    const entry = provisioner.find(of);
    if (entry === undefined) return "none";
    const { phase, requested, available, allocated } = entry.configuration;
    return `${statusOf(phase)} ${requested}/${allocated}/${available}`;
  };
  const provisioned = () => scripted.environments("provisioned");
  const ready = (count: number) => {
    provisioner.put(target, version, count);
    scripted.clock.advanceMs(MINUTE_MS);
    initialise(provisioned());
  };
  return { ...scripted, provisioner, version, state, provisioned, ready };
}

const causes = (environments: readonly ScriptedEnvironment[]) =>
  environments.map(({ stopCause }) => stopCause);

function only(environments: readonly ScriptedEnvironment[], index = 0): ScriptedEnvironment {
  const environment = environments[index];
  if (environment === undefined) throw new Error(`there is no environment ${index}`);
  return environment;
}

describe("Provisioner", () => {
  test("starts environments only after the preparation, all of them together", () => {
    const { provisioner, version, clock, provisioned, state } = start();
    provisioner.put(target, version, 3);
    clock.advanceMs(MINUTE_MS - 1);
    expect(provisioned()).toHaveLength(0);
    expect(state()).toBe("IN_PROGRESS 3/0/0");
    clock.advanceMs(1);
    expect(provisioned()).toHaveLength(3);
    expect(state()).toBe("IN_PROGRESS 3/0/0");
  });

  test("makes nothing usable until all of it is up, and serves on demand meanwhile", () => {
    const { provisioner, version, clock, provisioned, state, invoke, environments } = start();
    provisioner.put(target, version, 3);
    clock.advanceMs(MINUTE_MS);
    initialise(provisioned().slice(0, 2));
    expect(state()).toBe("IN_PROGRESS 3/0/0");
    void invoke(version);
    expect(environments("on-demand")).toHaveLength(1);

    initialise(provisioned());
    expect(state()).toBe("READY 3/3/3");
    void invoke(version);
    expect(environments("on-demand")).toHaveLength(1);
    expect(provisioned().map(({ invocationCount }) => invocationCount)).toEqual([0, 0, 1]);
  });

  test("starts at most 100 environments a second", () => {
    const { provisioner, version, clock, provisioned } = start({ concurrencyMax: 1_000 });
    provisioner.put(target, version, 300);
    clock.advanceMs(MINUTE_MS);
    clock.advanceMs(1_000);
    expect(provisioned().length).toBeLessThanOrEqual(110);
    clock.advanceMs(2_000);
    expect(provisioned()).toHaveLength(300);
  });

  test("gives up after six init phases that fail, and leaves requests to run on demand", () => {
    const { provisioner, version, clock, provisioned, state, invoke, environments } = start();
    provisioner.put(target, version, 1);
    clock.advanceMs(MINUTE_MS);
    for (let attempt = 0; attempt < 10; attempt += 1) initialise(provisioned(), false);
    expect(provisioned()).toHaveLength(6);
    expect(state()).toBe("FAILED 1/0/0");
    void invoke(version);
    expect(environments("on-demand")).toHaveLength(1);
  });

  test("counts failures anew after an init phase that succeeds", () => {
    const { provisioner, version, clock, provisioned, state } = start();
    provisioner.put(target, version, 2);
    clock.advanceMs(MINUTE_MS);
    initialise([only(provisioned())]);
    for (let attempt = 0; attempt < 5; attempt += 1) initialise(provisioned(), false);
    expect(state()).toBe("IN_PROGRESS 2/0/0");
    initialise(provisioned());
    expect(state()).toBe("READY 2/2/2");
  });

  test("keeps what is ready usable while more is allocated, and the extra ones unusable", () => {
    const { provisioner, version, clock, provisioned, state, ready, invoke, environments } =
      start();
    ready(1);
    provisioner.put(target, version, 3);
    expect(state()).toBe("IN_PROGRESS 3/1/1");
    clock.advanceMs(MINUTE_MS);
    expect(provisioned()).toHaveLength(3);
    initialise([only(provisioned(), 1)]);
    void invoke(version);
    void invoke(version);
    expect(only(provisioned()).invocationCount).toBe(1);
    expect(environments("on-demand")).toHaveLength(1);
    initialise(provisioned());
    expect(state()).toBe("READY 3/3/3");
  });

  test("ends idle environments at once when it is lowered, and busy ones when they are free", async () => {
    const { provisioner, version, clock, provisioned, state, ready, invoke } = start();
    ready(3);
    void invoke(version);
    void invoke(version);
    provisioner.put(target, version, 1);
    expect(causes(provisioned())).toEqual(["deallocated", undefined, undefined]);
    expect(state()).toBe("IN_PROGRESS 1/1/1");
    clock.advanceMs(1_000);
    expect(state()).toBe("READY 1/1/1");

    for (const environment of provisioned().slice(1)) environment.answer();
    await settle();
    for (const environment of provisioned().slice(1)) environment.free();
    expect(causes(provisioned())).toEqual(["deallocated", "deallocated", undefined]);
    expect(state()).toBe("READY 1/1/1");
  });

  test("keeps busy environments that were to end, when it is raised again", async () => {
    const { provisioner, version, clock, provisioned, ready, invoke } = start();
    ready(2);
    void invoke(version);
    void invoke(version);
    provisioner.put(target, version, 1);
    provisioner.put(target, version, 2);
    for (const environment of provisioned()) environment.answer();
    await settle();
    for (const environment of provisioned()) environment.free();
    clock.advanceMs(MINUTE_MS);
    expect(causes(provisioned())).toEqual([undefined, undefined]);
  });

  test("replaces an environment that ends, which is unavailable meanwhile", () => {
    const { provisioned, state, ready } = start();
    ready(2);
    only(provisioned()).crash("its process ended while idle");
    expect(state()).toBe("READY 2/2/1");
    expect(provisioned()).toHaveLength(3);
    initialise(provisioned());
    expect(state()).toBe("READY 2/2/2");
  });

  test("replaces an environment whose process dies in an invocation", async () => {
    const { version, provisioned, state, ready, invoke } = start();
    ready(1);
    const outcome = invoke(version);
    const environment = only(provisioned());
    environment.answer('{"errorType":"Runtime.ExitError"}', { isFunctionError: true });
    await outcome;
    environment.free();
    expect(environment.stopCause).toBe("crashed");
    expect(state()).toBe("READY 1/1/0");
    initialise(provisioned());
    expect(state()).toBe("READY 1/1/1");
  });

  test("leaves an environment alone whose function throws", async () => {
    const { version, provisioned, ready, invoke } = start();
    ready(1);
    const outcome = invoke(version);
    only(provisioned()).answer('{"errorType":"Error"}', { isFunctionError: true });
    await outcome;
    only(provisioned()).free();
    expect(causes(provisioned())).toEqual([undefined]);
  });

  test("recycles environments when their time is over, idle or free, and replaces them", async () => {
    const { version, clock, provisioned, state, ready, invoke } = start({
      lifetime: { kind: "fixed", ms: 600_000 },
    });
    ready(2);
    const outcome = invoke(version);
    clock.advanceMs(600_000);
    expect(causes(provisioned())).toEqual(["recycled", undefined, undefined]);
    only(provisioned(), 1).answer();
    await outcome;
    only(provisioned(), 1).free();
    expect(only(provisioned(), 1).stopCause).toBe("recycled");
    initialise(provisioned());
    expect(state()).toBe("READY 2/2/2");
  });

  test("keeps idle provisioned environments however long they are idle", () => {
    const { clock, provisioned, ready } = start({ keepAlive: { kind: "fixed", ms: 1_000 } });
    ready(1);
    clock.advanceMs(60 * MINUTE_MS);
    expect(causes(provisioned())).toEqual([undefined]);
  });

  test("allocates anew for the version that an alias moves to", () => {
    const { provisioner, clock, provisioned, concurrency, state } = start();
    const live = { functionName: "echo", qualifier: "live" };
    provisioner.put(live, publishedVersion("1"), 1);
    clock.advanceMs(MINUTE_MS);
    initialise(provisioned());
    concurrency.onAliasMoved("echo", "live", publishedVersion("2"));
    expect(causes(provisioned())).toEqual(["deallocated"]);
    expect(state(live)).toBe("IN_PROGRESS 1/0/0");
    clock.advanceMs(MINUTE_MS);
    initialise(provisioned());
    expect(state(live)).toBe("READY 1/1/1");
    expect(only(provisioned(), 1).version.version).toBe("2");
  });

  test("ends with its version, its alias or its function, and gives its concurrency back", () => {
    const { concurrency, provisioned, ready, state } = start();
    ready(2);
    expect(concurrency.ledger.unreserved).toBe(98);
    concurrency.onVersionDeleted("echo", "1");
    expect(state()).toBe("none");
    expect(causes(provisioned())).toEqual(["deallocated", "deallocated"]);
    expect(concurrency.ledger.unreserved).toBe(100);

    ready(1);
    concurrency.onFunctionDeleted("echo");
    expect([state(), concurrency.ledger.unreserved]).toEqual(["none", 100]);
  });

  test("starts nothing more when the account stops", async () => {
    const { concurrency, provisioned, ready } = start();
    ready(2);
    await concurrency.stop();
    expect(causes(provisioned())).toEqual(["emulator stopped", "emulator stopped"]);
    expect(provisioned()).toHaveLength(2);
  });
});
