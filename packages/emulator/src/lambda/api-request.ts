import type { IncomingHttpHeaders } from "node:http";

import { type FunctionReference, parseFunctionReference } from "./names.ts";

/** One request to the Lambda API, its body read. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** A request that a route has taken. */
export interface Call extends ApiRequest {
  /** Name of the API operation. */
  readonly operation: string;
  /** The path's variable parts, percent-decoded, in their order. */
  readonly parameters: readonly string[];
}

/** The function that the path names, with the qualifier in it or in the query. */
export function calledFunction(call: Call): FunctionReference {
  return parseFunctionReference({
    functionName: call.parameters[0] ?? "",
    qualifier: call.query.get("Qualifier") ?? undefined,
    operation: call.operation,
  });
}
