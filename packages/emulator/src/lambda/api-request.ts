import type { ServiceRequest } from "../service.ts";
import { type FunctionReference, parseFunctionReference } from "./names.ts";

/** A request that a route has taken. */
export interface Call extends ServiceRequest {
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
