/** What a request to the Runtime API asks for. */
export type Route =
  | { readonly kind: "next" }
  | { readonly kind: "response"; readonly requestId: string }
  | { readonly kind: "error"; readonly requestId: string }
  | { readonly kind: "init_error" }
  | { readonly kind: "ping" }
  | { readonly kind: "not_found" }
  | { readonly kind: "method_not_allowed" };

const PREFIX = "/2018-06-01/";
const INVOCATION = `${PREFIX}runtime/invocation/`;
const RESPONSE = "/response";
const ERROR = "/error";

const NEXT_ROUTE: Route = { kind: "next" };
const NOT_FOUND_ROUTE: Route = { kind: "not_found" };
const METHOD_ROUTE: Route = { kind: "method_not_allowed" };

/**
 * Finds the route of a request.
 *
 * @param url - Path as it was sent; a query is not part of this API.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export function routeOf(method: string, url: string): Route {
  if (url.startsWith(INVOCATION)) return invocationRoute(method, url.slice(INVOCATION.length));
  if (url === `${PREFIX}runtime/init/error`) return only("POST", method, { kind: "init_error" });
  if (url === `${PREFIX}ping`) return only("GET", method, { kind: "ping" });
  return NOT_FOUND_ROUTE;
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
