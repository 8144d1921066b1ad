import { isPilotlightError, LAMBDA_LIMITS, PilotlightError } from "@pilotlight/core";
import type { Clock } from "@pilotlight/core";
import { encodeError, matchPath } from "@pilotlight/protocol";
import type { Endpoint, InvocationAnswer, InvocationEvent } from "@pilotlight/protocol";

import { failureOf, retryAfterSec } from "./function-failure.ts";
import type { HttpEvent, HttpResult } from "./http-event.ts";
import type { FunctionInvoker } from "./invoker.ts";

/** What route knows of a model. */
export interface RoutedModel {
  readonly name: string;
  readonly version: string;
  readonly functionName: string;
  readonly latencyBudgetMs: number;
}

/** What lies beside the code of the route function. */
export interface RouteSettings {
  /** Name of the application, as `GET /v2` reports it. */
  readonly serverName: string;
  readonly serverVersion: string;
  readonly models: readonly RoutedModel[];
}

/** What route is made of. */
export interface RouteContext extends Omit<RouteSettings, "models"> {
  readonly models: ReadonlyMap<string, RoutedModel>;
  readonly invoker: FunctionInvoker;
  readonly clock: Clock;
  /** Told of errors that are no answer of ours: the caller sees only that there was one. */
  readonly onError: (error: unknown) => void;
}

type ModelEndpoint = Extract<Endpoint, { model: string }>;

/**
 * Answers one HTTP request: matches its path, reads its latency budget, picks the tier and asks it.
 *
 * There is one tier, the function: every decision is `function`. It never rejects.
 *
 * @returns The answer of the model's function, or `{"error": "…"}` with a status of docs/errors.md; both carry
 *   `Server-Timing` (milliseconds), those of a model `x-pilotlight-tier` and `x-pilotlight-decision` too.
 */
export async function routeRequest(event: HttpEvent, context: RouteContext): Promise<HttpResult> {
  const startedMs = context.clock.monotonicMs();
  const answer = await answerOf(event, context).catch((error: unknown) => {
    if (!isPilotlightError(error)) context.onError(error);
    return errorAnswer(error);
  });
  const routeMs = context.clock.monotonicMs() - startedMs;
  const timings = [answer.headers["server-timing"], `route;dur=${routeMs.toFixed(2)}`];
  return {
    ...answer,
    headers: { ...answer.headers, "server-timing": timings.filter(Boolean).join(", ") },
  };
}

async function answerOf(event: HttpEvent, context: RouteContext): Promise<InvocationAnswer> {
  const endpoint = matchPath(event.requestContext.http.method, event.rawPath);
  switch (endpoint.kind) {
    case "refused":
      return refusedAnswer(endpoint);
    case "server-live":
      return jsonAnswer(200, { live: true });
    case "server-ready":
      // Functions scale to zero: that this one answers is all the readiness that there is without starting them.
      return jsonAnswer(200, { ready: true });
    case "server-metadata":
      return jsonAnswer(200, {
        name: context.serverName,
        version: context.serverVersion,
        extensions: ["binary_tensor_data"],
        models: [...context.models.keys()],
      });
    case "model-metadata":
    case "model-ready":
    case "infer":
    case "predict":
      return await askModel(endpoint, event, context);
  }
}

const ACTIONS = {
  "model-metadata": "metadata",
  "model-ready": "ready",
  infer: "infer",
  predict: "predict",
} as const satisfies Record<ModelEndpoint["kind"], InvocationEvent["action"]>;

async function askModel(
  endpoint: ModelEndpoint,
  event: HttpEvent,
  context: RouteContext,
): Promise<InvocationAnswer> {
  const model = findModel(endpoint, context);
  const budgetMs = latencyBudgetMs(event, model);
  const startedMs = context.clock.monotonicMs();
  const outcome = await context.invoker.invoke(model.functionName, {
    action: ACTIONS[endpoint.kind],
    headers: headersFor(endpoint, event),
    ...(event.body === undefined ? {} : { body: event.body }),
    isBase64Encoded: event.isBase64Encoded ?? false,
  });
  const tookMs = context.clock.monotonicMs() - startedMs;
  const answer =
    outcome.kind === "answered" ? outcome.answer : errorAnswer(failureOf(model.name, outcome));
  const timing = [answer.headers["server-timing"], `invoke;dur=${tookMs.toFixed(2)}`];
  const decision = `tier=function; reason=only-tier; budget-ms=${budgetMs}; late=${tookMs > budgetMs}`;
  return {
    ...answer,
    headers: {
      ...answer.headers,
      "server-timing": timing.filter(Boolean).join(", "),
      "x-pilotlight-tier": "function",
      "x-pilotlight-decision": decision,
    },
  };
}

function findModel(endpoint: ModelEndpoint, context: RouteContext): RoutedModel {
  const model = context.models.get(endpoint.model);
  if (model === undefined) {
    throw new PilotlightError(
      "ERR_MODEL_UNKNOWN",
      `there is no model "${endpoint.model}"; accepted: ${[...context.models.keys()].join(", ")}`,
    );
  }
  if (endpoint.version !== undefined && endpoint.version !== model.version) {
    throw new PilotlightError(
      "ERR_VERSION_UNKNOWN",
      `the model "${model.name}" has no version "${endpoint.version}"; accepted: ${model.version}`,
    );
  }
  return model;
}

const DECIMAL = /^\d+(\.\d+)?$/;

/** The longest that a Lambda function runs; the definition takes no more either. */
const LATENCY_BUDGET_MS_MAX = LAMBDA_LIMITS.timeoutSecMax * 1000;

function latencyBudgetMs(event: HttpEvent, model: RoutedModel): number {
  const text = event.headers["x-latency-budget-ms"];
  if (text === undefined) return model.latencyBudgetMs;
  const budgetMs = Number(text);
  if (DECIMAL.test(text.trim()) && budgetMs > 0 && budgetMs <= LATENCY_BUDGET_MS_MAX)
    return budgetMs;
  throw new PilotlightError(
    "ERR_HEADER_INVALID",
    `x-latency-budget-ms: got ${JSON.stringify(text)}; accepted: milliseconds as a decimal number above 0, at most ${LATENCY_BUDGET_MS_MAX}`,
  );
}

/** What decoding a body depends on; credentials and cookies are nobody's business beyond route. */
const BODY_HEADERS: readonly string[] = [
  "content-type",
  "content-encoding",
  "inference-header-content-length",
];

/** A user's handler sees every header of its request, all other actions only those of the body. */
function headersFor(endpoint: ModelEndpoint, event: HttpEvent): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(event.headers)) {
    const lowerCase = name.toLowerCase();
    const isWanted = endpoint.kind === "predict" || BODY_HEADERS.includes(lowerCase);
    if (isWanted && value !== undefined) headers[lowerCase] = value;
  }
  return headers;
}

function refusedAnswer({ error, allow }: Extract<Endpoint, { kind: "refused" }>): InvocationAnswer {
  const answer = errorAnswer(error);
  return allow === undefined ? answer : { ...answer, headers: { ...answer.headers, allow } };
}

function errorAnswer(error: unknown): InvocationAnswer {
  const { statusCode, body } = encodeError(error);
  const retrySec = error instanceof PilotlightError ? retryAfterSec(error) : undefined;
  return {
    statusCode,
    headers: {
      "content-type": "application/json",
      ...(retrySec === undefined ? {} : { "retry-after": String(retrySec) }),
    },
    body,
    isBase64Encoded: false,
  };
}

function jsonAnswer(statusCode: number, value: unknown): InvocationAnswer {
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
    isBase64Encoded: false,
  };
}
