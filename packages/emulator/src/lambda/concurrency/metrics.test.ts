import { describe, expect, test } from "vitest";

import { settle } from "../../testing/scripted-environment.ts";
import {
  initialise,
  publishedVersion,
  scriptedConcurrency,
} from "./testing/scripted-concurrency.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

function start(options: Parameters<typeof scriptedConcurrency>[0] = {}) {
  const scripted = scriptedConcurrency({ keepAlive: { kind: "fixed", ms: HOUR_MS }, ...options });
  const { concurrency, clock, environments } = scripted;
  const valuesOf = (functionName?: string, qualifier?: string) =>
    concurrency.metrics
      .list()
      .filter((series) => series.functionName === functionName && series.qualifier === qualifier)
      .flatMap(({ points }) => points.map(({ values }) => values));
  const answerAll = async () => {
    const all = [...environments("on-demand"), ...environments("provisioned")];
    const busy = all.filter(({ phase }) => phase === "invoking");
    for (const environment of busy) environment.answer();
    await settle();
    for (const environment of busy) environment.free();
  };
  clock.advanceMs(MINUTE_MS - (clock.epochMs() % MINUTE_MS));
  return { ...scripted, valuesOf, answerAll };
}

describe("ConcurrencyMetrics", () => {
  test("counts a minute's requests and takes the largest concurrency", async () => {
    const { invoke, valuesOf, answerAll } = start();
    const version = publishedVersion();
    void invoke(version);
    void invoke(version);
    await answerAll();
    void invoke(version);
    const values = { Invocations: 3, ConcurrentExecutions: 2, ColdStarts: 2 };
    expect(valuesOf("echo")).toEqual([values]);
    expect(valuesOf()).toEqual([{ ...values, UnreservedConcurrentExecutions: 2 }]);
  });

  test("has no data point for a minute without a request", async () => {
    const { invoke, clock, concurrency, answerAll } = start();
    void invoke(publishedVersion());
    await answerAll();
    clock.advanceMs(10 * MINUTE_MS);
    void invoke(publishedVersion());
    const [account] = concurrency.metrics.list();
    const minutes = account?.points.map(({ startEpochMs }) => startEpochMs / MINUTE_MS) ?? [];
    expect(minutes).toHaveLength(2);
    expect((minutes[1] ?? 0) - (minutes[0] ?? 0)).toBe(10);
  });

  test("counts throttles beside the requests that run", () => {
    const { invoke, valuesOf, concurrency, clock } = start();
    concurrency.ledger.setReserved("echo", 1, clock.monotonicMs());
    void invoke(publishedVersion());
    void invoke(publishedVersion());
    expect(valuesOf("echo")).toEqual([
      { Invocations: 1, ConcurrentExecutions: 1, ColdStarts: 1, Throttles: 1 },
    ]);
    expect(valuesOf()).toMatchObject([{ UnreservedConcurrentExecutions: 0 }]);
  });

  test("tells what provisioned concurrency served and what spilled over, by its alias", () => {
    const { invoke, valuesOf, concurrency, clock, environments } = start();
    const version = publishedVersion();
    concurrency.provisioner.put({ functionName: "echo", qualifier: "live" }, version, 2);
    clock.advanceMs(MINUTE_MS);
    initialise(environments("provisioned"));
    for (let count = 0; count < 3; count += 1) void invoke(version);
    const provisioned = {
      ProvisionedConcurrencyInvocations: 2,
      ProvisionedConcurrencySpilloverInvocations: 1,
      ProvisionedConcurrentExecutions: 2,
      ProvisionedConcurrencyUtilization: 1,
    };
    expect(valuesOf("echo", "live")).toEqual([provisioned]);
    expect(valuesOf("echo")).toEqual([
      { ...provisioned, Invocations: 3, ConcurrentExecutions: 3, ColdStarts: 1 },
    ]);
  });

  test("keeps three hours of minutes", async () => {
    const { invoke, clock, valuesOf, answerAll } = start();
    for (let minute = 0; minute < 200; minute += 1) {
      void invoke(publishedVersion());
      await answerAll();
      clock.advanceMs(MINUTE_MS);
    }
    expect(valuesOf("echo")).toHaveLength(180);
  });

  test("keeps 1,000 series and lets the one go that was used longest ago", async () => {
    const { invoke, clock, concurrency, answerAll, valuesOf } = start();
    for (let number = 0; number < 1_010; number += 1) {
      void invoke(publishedVersion("1", `function-${number}`));
      if (number % 50 === 0) {
        await answerAll();
        clock.advanceMs(MINUTE_MS);
      }
    }
    expect(concurrency.metrics.list()).toHaveLength(1_000);
    expect(valuesOf("function-0")).toEqual([]);
    expect(valuesOf("function-1009")).toHaveLength(1);
  });
});
