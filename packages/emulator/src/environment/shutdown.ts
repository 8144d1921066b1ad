import type { Timers } from "@pilotlight/core";

import type { ShutdownReason } from "../runtime-api/index.ts";
import type { RunningProcess } from "./parts.ts";

/**
 * How long an environment may take to end, milliseconds, by the extensions that have registered.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, read 2026-11-24
 */
const BUDGET_MS = { none: 0, internal: 500, external: 2_000 } as const;

/**
 * The part of the budget in which the runtime must end.
 *
 * @see aws-lambda-runtime-interface-emulator@4fa2157, internal/lambda/rapid/shutdown.go
 */
const RUNTIME_SHARE = 0.3;

/** Which kinds of extensions an environment has. */
export interface ExtensionKinds {
  readonly isEmpty: boolean;
  readonly hasExternal: boolean;
}

/** What a shutdown phase may take. */
export interface ShutdownPlan {
  readonly runtimeMs: number;
  readonly totalMs: number;
}

/** @param budgetMsMax - Whoever ends the environment may have less time than AWS. */
export function planShutdown(
  { isEmpty, hasExternal }: ExtensionKinds,
  budgetMsMax = Number.POSITIVE_INFINITY,
): ShutdownPlan {
  const kind = hasExternal ? "external" : isEmpty ? "none" : "internal";
  const totalMs = Math.min(BUDGET_MS[kind], budgetMsMax);
  return { runtimeMs: totalMs * RUNTIME_SHARE, totalMs };
}

/** What is to be shut down. */
export interface ShutdownSubject {
  readonly runtime: RunningProcess | undefined;
  readonly extensions: readonly { readonly name: string; readonly group: RunningProcess }[];
  /** Tells an extension of the end. @returns Whether it wants to know. */
  readonly tell: (
    name: string,
    event: { deadlineEpochMs: number; reason: ShutdownReason },
  ) => boolean;
}

/**
 * Ends all processes: the runtime by SIGTERM, then the extensions by their event, and whoever is left when
 * its time is over by SIGKILL. Without time there is SIGKILL only.
 */
export async function shutDown(
  { runtime, extensions, tell }: ShutdownSubject,
  { plan, reason, clock }: { plan: ShutdownPlan; reason: ShutdownReason; clock: Timers },
): Promise<void> {
  const startMs = clock.monotonicMs();
  const deadlineEpochMs = Math.floor(clock.epochMs() + plan.totalMs);
  if (runtime !== undefined)
    await endWithin(runtime, { signal: "SIGTERM", ms: plan.runtimeMs, clock });
  const leftMs = Math.max(0, startMs + plan.totalMs - clock.monotonicMs());
  await Promise.all(
    extensions.map(({ name, group }) => {
      const ms = plan.totalMs > 0 && tell(name, { deadlineEpochMs, reason }) ? leftMs : 0;
      return endWithin(group, { signal: undefined, ms, clock });
    }),
  );
}

async function endWithin(
  group: RunningProcess,
  { signal, ms, clock }: { signal: NodeJS.Signals | undefined; ms: number; clock: Timers },
): Promise<void> {
  if (!group.hasExited && ms > 0) {
    if (signal !== undefined) group.signal(signal);
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(ms, resolve);
    await Promise.race([group.exited, promise]);
    cancel();
  }
  group.signal("SIGKILL");
  await group.exited;
}
