/** Calls of the Extensions API and of those that go with it. */
export type ExtensionRoute =
  | "register_extension"
  | "next_extension_event"
  | "extension_init_error"
  | "extension_exit_error"
  | "subscribe_logs"
  | "subscribe_telemetry";

/** What a request to the Runtime API asks for. */
export type Route =
  | { readonly kind: "next" }
  | { readonly kind: "response"; readonly requestId: string }
  | { readonly kind: "error"; readonly requestId: string }
  | { readonly kind: "init_error" }
  | { readonly kind: "ping" }
  | { readonly kind: ExtensionRoute }
  | { readonly kind: "not_found" }
  | { readonly kind: "method_not_allowed" };

const PREFIX = "/2018-06-01/";
const INVOCATION = `${PREFIX}runtime/invocation/`;
const RESPONSE = "/response";
const ERROR = "/error";

const EXTENSION = "/2020-01-01/extension/";

/** Calls whose paths have no parameter, with their methods. */
const PLAIN: Readonly<Record<string, readonly [method: string, route: Route]>> = {
  [`${PREFIX}runtime/init/error`]: ["POST", { kind: "init_error" }],
  [`${PREFIX}ping`]: ["GET", { kind: "ping" }],
  [`${EXTENSION}register`]: ["POST", { kind: "register_extension" }],
  [`${EXTENSION}event/next`]: ["GET", { kind: "next_extension_event" }],
  [`${EXTENSION}init/error`]: ["POST", { kind: "extension_init_error" }],
  [`${EXTENSION}exit/error`]: ["POST", { kind: "extension_exit_error" }],
  "/2020-08-15/logs": ["PUT", { kind: "subscribe_logs" }],
  "/2022-07-01/telemetry": ["PUT", { kind: "subscribe_telemetry" }],
};

const NEXT_ROUTE: Route = { kind: "next" };
const NOT_FOUND_ROUTE: Route = { kind: "not_found" };
const METHOD_ROUTE: Route = { kind: "method_not_allowed" };

/**
 * Finds the route of a request.
 *
 * @param url - Path as it was sent; a query has no part in it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
 */
export function routeOf(method: string, url: string): Route {
  const queryStart = url.indexOf("?");
  const path = queryStart < 0 ? url : url.slice(0, queryStart);
  if (path.startsWith(INVOCATION)) return invocationRoute(method, path.slice(INVOCATION.length));
  const plain = Object.hasOwn(PLAIN, path) ? PLAIN[path] : undefined;
  return plain === undefined ? NOT_FOUND_ROUTE : only(plain[0], method, plain[1]);
}

function invocationRoute(method: string, rest: string): Route {
  if (rest === "next") return only("GET", method, NEXT_ROUTE);
  if (rest.endsWith(RESPONSE)) {
    return answerRoute(method, { kind: "response", text: rest.slice(0, -RESPONSE.length) });
  }
  if (rest.endsWith(ERROR)) {
    return answerRoute(method, { kind: "error", text: rest.slice(0, -ERROR.length) });
  }
  return NOT_FOUND_ROUTE;
}

function answerRoute(
  method: string,
  { kind, text }: { kind: "response" | "error"; text: string },
): Route {
  if (text === "" || text.includes("/")) return NOT_FOUND_ROUTE;
  return only("POST", method, { kind, requestId: decode(text) });
}

function only(accepted: string, method: string, route: Route): Route {
  return method === accepted ? route : METHOD_ROUTE;
}

function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // A malformed escape can be nobody's request id, so the text itself is refused as a wrong id.
    return text;
  }
}
