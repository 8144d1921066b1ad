import { join } from "node:path";

import type { InvocationAnswer, InvocationEvent } from "@pilotlight/protocol";

import { answerInvocation } from "./answer.ts";
import type { ServedModel } from "./answer.ts";
import type { Handler } from "./handler.ts";
import { loadHandler } from "./handler-file.ts";
import { openModel } from "./model.ts";
import type { InferSettings } from "./settings.ts";

/** A Lambda handler over one model. */
export type InferHandler = (event: InvocationEvent) => Promise<InvocationAnswer>;

/**
 * Loads the model and makes the function's handler; what it does belongs to the init phase.
 *
 * The first answer of an environment says `x-pilotlight-cold: true` and carries the init phase in
 * `Server-Timing: init;dur=…` (milliseconds from process start to a loaded model).
 *
 * @param directory - The function's code folder: a handler's file lies there.
 * @throws PilotlightError ERR_MODEL_UNLOADABLE when the model cannot be loaded.
 */
export async function inferHandler(
  settings: InferSettings,
  directory: string,
): Promise<InferHandler> {
  const model = await openModel(settings.artifact, settings.session);
  const { handler } = settings;
  const served: ServedModel = {
    name: settings.model,
    version: settings.version,
    model,
    ...(handler === null ? {} : { loadHandler: once(() => loadHandler(join(directory, handler))) }),
  };
  const initMs = performance.now();
  let isCold = true;
  return async (event) => {
    const isFirst = isCold;
    isCold = false;
    const answer = await answerInvocation(event, served);
    return isFirst ? markCold(answer, initMs) : markWarm(answer);
  };
}

function markCold(answer: InvocationAnswer, initMs: number): InvocationAnswer {
  const timing = [`init;dur=${initMs.toFixed(2)}`, answer.headers["server-timing"]]
    .filter(Boolean)
    .join(", ");
  return {
    ...answer,
    headers: { ...answer.headers, "server-timing": timing, "x-pilotlight-cold": "true" },
  };
}

function markWarm(answer: InvocationAnswer): InvocationAnswer {
  return { ...answer, headers: { ...answer.headers, "x-pilotlight-cold": "false" } };
}

/** Node keeps the outcome of loading a module, also a failure: asking again would change nothing. */
function once(load: () => Promise<Handler>): () => Promise<Handler> {
  let loading: Promise<Handler> | undefined;
  return () => (loading ??= load());
}
