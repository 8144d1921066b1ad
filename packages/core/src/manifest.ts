import type { CheckedDefinition } from "./definition.ts";
import { PilotlightError } from "./errors.ts";
import { LAMBDA_LIMITS } from "./limits.ts";

/** One Lambda function, as data: what infra deploys and the emulator runs. */
export interface FunctionSpec {
  /** `{name}-{stage}-{model}`, at most 64 characters. */
  readonly name: string;
  readonly memoryMb: number;
  readonly timeoutSec: number;
  readonly architecture: "arm64" | "x86_64";
  /** The user's environment variables. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How ONNX Runtime runs a model, with nothing left open. */
export interface SessionSpec {
  readonly threads: number;
  readonly optimization: "disabled" | "basic" | "extended" | "all";
  readonly warmUp: boolean;
}

/** One model and the function that serves it. */
export interface ModelSpec {
  readonly name: string;
  /** What the protocol reports as the version; a model without versions has version 1. */
  readonly version: string;
  /** Relative to the definition, or absolute. */
  readonly artifact: string;
  /** Relative to the definition, or absolute; null where the model has no handler. */
  readonly handler: string | null;
  readonly latencyBudgetMs: number;
  readonly session: SessionSpec;
  readonly function: FunctionSpec;
}

/** A definition with every default filled in and every name made: plain JSON, the same for the same definition. */
export interface Manifest {
  readonly formatVersion: 1;
  readonly name: string;
  readonly stage: string;
  /** Sorted by name. */
  readonly models: readonly ModelSpec[];
  readonly route: FunctionSpec;
}

/** The alias that every caller invokes. */
export const LIVE_ALIAS = "live";

const ROUTE_MEMORY_MB = 1024;

/** The HTTP API gives up at 30 s, so a longer route function would only bill. */
const ROUTE_TIMEOUT_SEC = 30;

/**
 * Resolves a checked definition to the manifest that infra, emulator and simulator read.
 *
 * @param stage - Name of the deployment; `local` on a laptop.
 * @throws PilotlightError ERR_DEFINITION_INVALID when a function's name gets too long.
 */
export function resolveManifest(
  definition: CheckedDefinition,
  { stage }: { stage: string },
): Manifest {
  const names = Object.keys(definition.models).toSorted();
  return {
    formatVersion: 1,
    name: definition.name,
    stage,
    models: names.map((name) => resolveModel(definition, { name, stage })),
    route: {
      name: functionName(definition.name, { stage, part: "route" }),
      memoryMb: ROUTE_MEMORY_MB,
      timeoutSec: ROUTE_TIMEOUT_SEC,
      architecture: "arm64",
      environment: {},
    },
  };
}

function resolveModel(
  definition: CheckedDefinition,
  { name, stage }: { name: string; stage: string },
): ModelSpec {
  const model = definition.models[name];
  if (model === undefined)
    throw new PilotlightError("ERR_DEFINITION_INVALID", `models.${name} is missing`);
  return {
    name,
    version: "1",
    artifact: model.artifact,
    handler: model.handler ?? null,
    latencyBudgetMs: model.latencyBudgetMs,
    session: {
      threads: model.session.threads ?? threadsFor(model.function.memoryMb),
      optimization: model.session.optimization,
      warmUp: model.session.warmUp,
    },
    function: { name: functionName(definition.name, { stage, part: name }), ...model.function },
  };
}

/** One thread for each whole vCPU that the memory buys: below that a second thread only waits for the first. */
function threadsFor(memoryMb: number): number {
  return Math.max(1, Math.floor(memoryMb / LAMBDA_LIMITS.memoryMbPerVcpu));
}

function functionName(name: string, { stage, part }: { stage: string; part: string }): string {
  const full = `${name}-${stage}-${part}`;
  if (full.length <= LAMBDA_LIMITS.functionNameCharsMax) return full;
  const overrun = full.length - LAMBDA_LIMITS.functionNameCharsMax;
  throw new PilotlightError(
    "ERR_DEFINITION_INVALID",
    `models.${part}: the function name "${full}" has ${full.length} characters; Lambda accepts ${LAMBDA_LIMITS.functionNameCharsMax}: shorten the name, the stage or the model's name by ${overrun}`,
  );
}
