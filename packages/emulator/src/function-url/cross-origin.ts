import type { Reply } from "../http/reply.ts";
import type { Cors } from "./function-url.ts";

/** What a request of a page says of itself. */
export interface PageRequest {
  readonly method: string;
  readonly origin: string | undefined;
  /** The header Access-Control-Request-Method: the request is a preflight. */
  readonly requestedMethod: string | undefined;
}

/**
 * The answer to a preflight, which the function never sees; `undefined` where the request is none, or where the URL has
 * no CORS configuration and leaves preflights to the function.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors, read 2026-11-24.
 */
export function preflightReply(cors: Cors | undefined, request: PageRequest): Reply | undefined {
  const isPreflight =
    request.method === "OPTIONS" &&
    request.origin !== undefined &&
    request.requestedMethod !== undefined;
  if (cors === undefined || !isPreflight) return undefined;
  const headers = isAllowed(cors, request.origin)
    ? {
        ...originHeaders(cors, request.origin),
        ...listHeader("Access-Control-Allow-Methods", cors.AllowMethods),
        ...listHeader("Access-Control-Allow-Headers", cors.AllowHeaders),
        ...(cors.MaxAge === undefined ? {} : { "Access-Control-Max-Age": String(cors.MaxAge) }),
      }
    : {};
  return { statusCode: 200, headers, body: "" };
}

/** The headers that let a page of an accepted origin read an answer; none for any other. */
export function pageHeaders(
  cors: Cors | undefined,
  origin: string | undefined,
): Record<string, string> {
  if (cors === undefined || !isAllowed(cors, origin)) return {};
  return {
    ...originHeaders(cors, origin),
    ...listHeader("Access-Control-Expose-Headers", cors.ExposeHeaders),
  };
}

/** Headers with those of the URL's configuration in the place of the function's own, whatever their case. */
export function withPageHeaders(
  headers: Reply["headers"],
  own: Readonly<Record<string, string>>,
): Reply["headers"] {
  const names = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const others = Object.entries(headers).filter(([name]) => !names.has(name.toLowerCase()));
  return { ...Object.fromEntries(others), ...own };
}

function isAllowed({ AllowOrigins = [] }: Cors, origin: string | undefined): boolean {
  return origin !== undefined && (AllowOrigins.includes("*") || AllowOrigins.includes(origin));
}

/** A star may not stand beside credentials, so that the origin itself does. */
function originHeaders(cors: Cors, origin = ""): Record<string, string> {
  const isOpen = cors.AllowOrigins?.includes("*") === true && cors.AllowCredentials !== true;
  return {
    "Access-Control-Allow-Origin": isOpen ? "*" : origin,
    ...(cors.AllowCredentials === true ? { "Access-Control-Allow-Credentials": "true" } : {}),
    ...(isOpen ? {} : { Vary: "Origin" }),
  };
}

function listHeader(name: string, values: readonly string[] | undefined): Record<string, string> {
  return values === undefined || values.length === 0 ? {} : { [name]: values.join(",") };
}
