import { seededRandom, VirtualClock } from "@pilotlight/core/testing";

import type { FunctionVersion } from "../../../environment/contract.ts";
import { ScriptedEnvironment, scriptedVersion } from "../../../testing/scripted-environment.ts";
import type { StartedBy } from "../../environment-summary.ts";
import { Concurrency, type EnvironmentLaws } from "../concurrency.ts";

/** An account's concurrency without processes, in virtual time. */
export function scriptedConcurrency({
  concurrencyMax = 100,
  ...laws
}: EnvironmentLaws & { readonly concurrencyMax?: number } = {}) {
  const clock = new VirtualClock();
  const started: { environment: ScriptedEnvironment; startedBy: StartedBy }[] = [];
  const concurrency = new Concurrency({
    clock,
    random: seededRandom(1),
    concurrencyMax,
    preparation: { kind: "fixed", ms: 60_000 },
    lifetime: { kind: "fixed", ms: 36_000_000 },
    ...laws,
    startEnvironment: (version, listener, startedBy) => {
      const environment = new ScriptedEnvironment(version, listener);
      started.push({ environment, startedBy });
      return environment;
    },
    onLog: () => undefined,
  });
  let sent = 0;
  return {
    concurrency,
    clock,
    /** Every environment of a kind that was started, oldest first. */
    environments: (kind: StartedBy) =>
      started.filter(({ startedBy }) => startedBy === kind).map(({ environment }) => environment),
    invoke: (version: FunctionVersion) =>
      concurrency.pool.invoke(version, {
        requestId: `request-${(sent += 1)}`,
        invokedArn: version.functionArn,
        payload: Buffer.from("{}"),
      }),
  };
}

/** A published version of the function `name`. */
export function publishedVersion(version = "1", name = "echo"): FunctionVersion {
  return { ...scriptedVersion(name), version };
}

/** Lets the init phases of those end that have not ended. */
export function initialise(environments: readonly ScriptedEnvironment[], isSuccess = true): void {
  for (const environment of environments) {
    if (environment.phase !== "initialising") continue;
    environment.initDurationMs = isSuccess ? 1 : undefined;
    environment.free();
  }
}
