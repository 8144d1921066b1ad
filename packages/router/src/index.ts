export type { HttpEvent, HttpResult } from "./http-event.ts";
export type { FunctionInvoker, InvokeOutcome } from "./invoker.ts";
export type { RouteContext, RoutedModel, RouteSettings } from "./route-request.ts";
export { routeRequest } from "./route-request.ts";
