import { functionInvoker } from "@pilotlight/aws";
import { routeRequest } from "@pilotlight/router";
import type { HttpEvent, HttpResult, RouteContext, RouteSettings } from "@pilotlight/router";
import { readSettings } from "@pilotlight/runtime/settings";

/** Answers the HTTP API: picks the tier for each request and asks it. */
const directory = process.env["LAMBDA_TASK_ROOT"] ?? import.meta.dirname;
const { models, ...server } = await readSettings<RouteSettings>(directory);

const context: RouteContext = {
  ...server,
  models: new Map(models.map((model) => [model.name, model])),
  invoker: functionInvoker(process.env),
  clock: { epochMs: () => Date.now(), monotonicMs: () => performance.now() },
  onError: (error) => console.error(error),
};

export const handler = (event: HttpEvent): Promise<HttpResult> => routeRequest(event, context);
