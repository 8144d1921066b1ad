import { PilotlightError } from "@pilotlight/core";

import { shown } from "./place.ts";

/** What a request's method and path ask for. */
export type Endpoint =
  | { readonly kind: "server-metadata" | "server-live" | "server-ready" }
  | {
      readonly kind: "model-metadata" | "model-ready" | "infer" | "predict";
      readonly model: string;
      readonly version?: string;
    }
  | {
      readonly kind: "refused";
      readonly error: PilotlightError;
      /** Methods for an `Allow` header, where only the method is wrong. */
      readonly allow?: string;
    };

type Kind = Exclude<Endpoint["kind"], "refused">;

interface Route {
  readonly method: "GET" | "POST";
  /** Segments; `{model}` and `{version}` take any one. */
  readonly path: string;
  readonly kind: Kind;
}

/**
 * Every path that is served, for people and for matching.
 *
 * @see https://github.com/kserve/open-inference-protocol, inference_rest.md, "API"; /predict is Pilotlight's own.
 */
const ROUTES: readonly Route[] = [
  { method: "GET", path: "/v2", kind: "server-metadata" },
  { method: "GET", path: "/v2/health/live", kind: "server-live" },
  { method: "GET", path: "/v2/health/ready", kind: "server-ready" },
  { method: "GET", path: "/v2/models/{model}", kind: "model-metadata" },
  { method: "GET", path: "/v2/models/{model}/ready", kind: "model-ready" },
  { method: "POST", path: "/v2/models/{model}/infer", kind: "infer" },
  { method: "GET", path: "/v2/models/{model}/versions/{version}", kind: "model-metadata" },
  { method: "GET", path: "/v2/models/{model}/versions/{version}/ready", kind: "model-ready" },
  { method: "POST", path: "/v2/models/{model}/versions/{version}/infer", kind: "infer" },
  { method: "POST", path: "/predict/{model}", kind: "predict" },
];

const ACCEPTED = ROUTES.map(({ method, path }) => `${method} ${path}`).join(", ");

/**
 * Tells which endpoint of the protocol a request asks for. A slash at the end of the path makes no difference.
 *
 * @param method - HTTP method in capitals.
 * @param rawPath - Path without query; its segments may be percent-encoded.
 * @returns The endpoint; a refusal with ERR_ROUTE_UNKNOWN, or ERR_METHOD_REFUSED where only the method is wrong.
 */
export function matchPath(method: string, rawPath: string): Endpoint {
  const segments = decodedSegments(rawPath);
  if (segments === undefined) {
    return refused("ERR_ROUTE_UNKNOWN", `the path ${shown(rawPath)} is not percent-encoded UTF-8`);
  }
  for (const route of ROUTES) {
    const names = matched(route, segments);
    if (names === undefined) continue;
    const methods = METHODS[route.method];
    if (methods.includes(method)) return { kind: route.kind, ...names } as Endpoint;
    const allow = methods.join(", ");
    const message = `${shown(method)} on ${shown(rawPath)}; accepted there: ${allow}`;
    return { ...refused("ERR_METHOD_REFUSED", message), allow };
  }
  return refused("ERR_ROUTE_UNKNOWN", `nothing is at ${shown(rawPath)}; accepted: ${ACCEPTED}`);
}

/** HEAD is GET without the body, which the HTTP server leaves out. @see RFC 9110, section 9.3.2. */
const METHODS: Readonly<Record<Route["method"], readonly string[]>> = {
  GET: ["GET", "HEAD"],
  POST: ["POST"],
};

type Refused = Extract<Endpoint, { kind: "refused" }>;

function refused(code: "ERR_ROUTE_UNKNOWN" | "ERR_METHOD_REFUSED", message: string): Refused {
  return { kind: "refused", error: new PilotlightError(code, message) };
}

function decodedSegments(rawPath: string): readonly string[] | undefined {
  const path = withoutSlashesAtEnd(rawPath);
  if (!path.startsWith("/")) return [];
  try {
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

type PathNames = { readonly model?: string; readonly version?: string };

function matched(route: Route, segments: readonly string[]): PathNames | undefined {
  const pattern = route.path.slice(1).split("/");
  if (pattern.length !== segments.length) return undefined;
  const names: { model?: string; version?: string } = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? "";
    if (expected === "{model}" && segment !== "") names.model = segment;
    else if (expected === "{version}" && segment !== "") names.version = segment;
    else if (expected !== segment) return undefined;
  }
  return names;
}
